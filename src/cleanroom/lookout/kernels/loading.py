"""Maps the kept kernels into this process, or has them compiled first where source, compiler or processor changed.

What is loaded is machine code, so the folder must belong to this user and be writable by nobody else.
"""

import ctypes
import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path

import llvmlite.binding as llvm
import numpy as np

from cleanroom.errors import ServiceFault, SettingsInvalid
from cleanroom.lookout.kernels.signature import FROM_C, parse

_HERE = Path(__file__).parent
_IMPORTED = re.compile(r"^from cleanroom\.lookout\.kernels\.source\.(\w+) import", re.MULTILINE)
_one_at_a_time = threading.Lock()
_SCALARS = {"i64": ctypes.c_int64, "f64": ctypes.c_double}
_DTYPES = {
    "u8*": np.uint8,
    "i8*": np.int8,
    "u16*": np.uint16,
    "u32*": np.uint32,
    "i32*": np.int32,
    "u64*": np.uint64,
    "i64*": np.int64,
    "f32*": np.float32,
    "f64*": np.float64,
}

Kernel = Callable[..., int | float]


class Kernels:
    """A module's kernels as attributes. Calls release the interpreter's lock, so threads run side by side."""

    def __init__(self, folder: Path):
        self._engine = _engine_with((folder / "kernels.o").read_bytes())
        for name, known in json.loads((folder / "kernels.json").read_text()).items():
            setattr(self, name, _callable(self._engine.get_function_address(known["symbol"]), known["signature"], name))

    def __getattr__(self, name: str) -> Kernel:
        raise AttributeError(f"no kernel is called {name}")


def kernels(module: str) -> Kernels:
    """The kernels of `source/<module>.py`, loaded once per process, by one thread at a time.

    Raises ServiceFault where they can't be compiled, SettingsInvalid where others may write to the folder.
    """
    with _one_at_a_time:
        return _loaded(module)


@cache
def _loaded(module: str) -> Kernels:
    folder = kept_in(module)
    if not (folder / "kernels.json").exists():
        _compile_into(module, folder)
    return Kernels(folder)


def kept_in(module: str) -> Path:
    """The folder of this version of the module; made, with owner-only rights, where it is not there."""
    configured = os.environ.get("CLEANROOM_KERNELS")
    root = Path(configured) if configured else _user_cache() / "cleanroom" / "kernels"
    folder = root / f"{module}-{_version(module)}"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for place in (root, folder):
        status = place.stat()
        if status.st_uid != os.getuid() or status.st_mode & 0o022:
            raise SettingsInvalid(
                f"kernels are machine code, and others may write to {place}; give it to this user alone (chmod 700) "
                "or set CLEANROOM_KERNELS to a folder of yours",
                zh=f"運算核心為機器碼，而他人可寫入 {place}；請僅開放目前使用者（chmod 700），"
                "或將 CLEANROOM_KERNELS 設為自有資料夾",
            )
    return folder


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _version(module: str) -> str:
    """Changes with whatever the machine code depends on."""
    digest = hashlib.sha256()
    for path in (*sorted(_HERE.glob("*.py")), *_sources(module)):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    features = llvm.get_host_cpu_features().flatten()
    for part in (version("numba"), version("llvmlite"), llvm.get_host_cpu_name(), features):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()[:16]


def _sources(module: str) -> list[Path]:
    """The module and what it takes from its neighbours, sorted."""
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = _HERE / "source" / f"{name}.py"
            waiting += _IMPORTED.findall(found[name].read_text())
    return [found[name] for name in sorted(found)]


def _compile_into(module: str, folder: Path) -> None:
    command = [sys.executable, "-m", "cleanroom.lookout.kernels.compiling", module, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or ["no reason given"]
        raise ServiceFault(
            f"the kernels of {module} could not be compiled: {last[0]}", zh=f"{module} 之運算核心無法編譯：{last[0]}"
        )


def _engine_with(code: bytes):
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    for name in FROM_C:
        llvm.add_symbol(name, ctypes.cast(getattr(ctypes.CDLL(None), name), ctypes.c_void_p).value)
    target = llvm.Target.from_default_triple().create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), target)
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    return engine


def _callable(address: int, signature: str, name: str) -> Kernel:
    """Takes arrays of the exact dtype for pointers: a wrong one is a TypeError here and not a crash there."""
    shape = parse(signature)
    pointers = [i for i, a in enumerate(shape.arguments) if a.endswith("*")]
    types = [ctypes.c_void_p if a.endswith("*") else _SCALARS[a] for a in shape.arguments]
    function = ctypes.CFUNCTYPE(_SCALARS[shape.result], *types)(address)
    wanted = [(i, np.dtype(_DTYPES[shape.arguments[i]])) for i in pointers]

    def call(*arguments):
        given = list(arguments)
        for place, dtype in wanted:
            array = given[place]
            if array.dtype != dtype or not array.flags.c_contiguous:
                raise TypeError(f"{name}: argument {place} must be a contiguous array of {dtype}, not {array.dtype}")
            given[place] = array.ctypes.data
        return function(*given)

    call.__name__ = name
    call.__doc__ = f"{name}: {signature}"
    return call
