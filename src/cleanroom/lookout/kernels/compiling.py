"""Compiles one module's kernels into an object file: `python -m cleanroom.lookout.kernels.compiling MODULE FOLDER`.

Run by `loading` as a process of its own, so that no service carries the compiler.
"""

import importlib
import json
import os
import sys
from pathlib import Path

import llvmlite.binding as llvm
from numba import cfunc, types

from cleanroom.lookout.kernels import source
from cleanroom.lookout.kernels.signature import FROM_C, Signature
from cleanroom.lookout.kernels.source.declare import KERNELS

_OPTIMISED = 3


def compile_module(name: str, folder: Path) -> None:
    """Write `kernels.o` and then `kernels.json` (symbol and signature by name), each whole or not at all."""
    importlib.import_module(f"{source.__name__}.{name}")
    own = {k: found for k, found in sorted(KERNELS.items()) if found[0].__module__.endswith(f".{name}")}
    compiled = {name: _compiled(function, signature) for name, (function, signature) in own.items()}
    symbols = {name: {"symbol": c.native_name, "signature": str(own[name][1])} for name, c in compiled.items()}
    _write(folder / "kernels.o", _object_code([c._library.get_llvm_str() for c in compiled.values()]))
    _write(folder / "kernels.json", json.dumps(symbols, indent=1).encode())


def _compiled(function, signature: Signature):
    result = _numba_type(signature.result)
    return cfunc(result(*map(_numba_type, signature.arguments)), error_model="numpy", nopython=True)(function)


def _numba_type(name: str):
    kinds = {"i": "int", "u": "uint", "f": "float"}
    plain = getattr(types, kinds[name[0]] + name[1:].rstrip("*"))
    return types.CPointer(plain) if name.endswith("*") else plain


def _object_code(texts: list[str]) -> bytes:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    whole = llvm.parse_assembly("")
    for text in texts:
        whole.link_in(llvm.parse_assembly(text))
    whole.link_in(llvm.parse_assembly(_traps(whole)))
    target = llvm.Target.from_default_triple().create_target_machine(
        opt=_OPTIMISED,
        cpu=llvm.get_host_cpu_name(),
        features=llvm.get_host_cpu_features().flatten(),
        reloc="pic",
    )
    return target.emit_object(whole)


def _traps(module) -> str:
    """Ends for the way back into Python that the compiler puts around a kernel; a kernel raises nothing and has none.

    One name that the loader can't resolve would leave all of them at address 0, `memset` too.
    """
    unknown = [f.name for f in module.functions if f.is_declaration and not f.name.startswith("llvm.")]
    ends = [f"define void @{name}() {{ call void @llvm.trap() unreachable }}" for name in unknown if name not in FROM_C]
    return "\n".join(["declare void @llvm.trap()", *ends])


def _write(path: Path, content: bytes) -> None:
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    beside.write_bytes(content)
    beside.replace(path)


if __name__ == "__main__":
    compile_module(sys.argv[1], Path(sys.argv[2]))
