"""Coverage-guided fuzzing of a parser with Atheris (libFuzzer): whatever bytes come, it answers or refuses.

A harness is a module here with `SEEDS` (inputs to begin with; the first must be taken), `FOUND` (inputs that once broke
it) and `target()`, which imports what is tried and gives a function of the bytes: true where the input was taken.
Refusals are answers; every other exception is a finding. tests/fuzz/test_harnesses.py keeps seeds and findings.

    python -m tests.fuzz.declaration --seconds 60      one harness
    python -m tests.fuzz --seconds 600                 all of them, one after the other (`make fuzz`)
"""

import argparse
import importlib
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FunctionType, ModuleType

from cleanroom.errors import Refusal

OneInput = Callable[[bytes], bool]
TRIED = "cleanroom."  # modules whose branches guide the search
LONGEST_INPUT = 64 * 1024


def answered(one_input: OneInput, data: bytes) -> bool:
    """Whether the input was taken. Raises what is neither an answer nor a refusal."""
    try:
        return one_input(data)
    except Refusal:
        return False


def harnesses() -> dict[str, ModuleType]:
    """Every module of this folder that has a `target`."""
    names = sorted(p.stem for p in Path(__file__).parent.glob("*.py") if not p.stem.startswith(("test_", "__")))
    modules = {name: importlib.import_module(f"tests.fuzz.{name}") for name in names if name != "running"}
    return {name: module for name, module in modules.items() if hasattr(module, "target")}


def main(target: Callable[[], OneInput], seeds: list[bytes], words: Sequence[str] = ()) -> None:
    """Search for `--seconds`, with `words` of the input's language at hand. Ends the process: 0 where nothing was
    found, libFuzzer's code and the input otherwise."""
    import atheris

    seconds = _seconds(60)
    one_input = target()
    for function in _functions(TRIED):
        atheris.instrument_func(function)
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(seeds):
            (corpus / f"seed-{number:03d}").write_bytes(seed)
        dictionary = corpus.with_suffix(".dict")
        dictionary.write_text("".join(f'"{_escaped(word)}"\n' for word in words), encoding="ascii")
        options = [
            *([f"-dict={dictionary}"] if words else []),
            f"-max_total_time={seconds}",
            f"-max_len={LONGEST_INPUT}",
            "-print_final_stats=1",
            "-timeout=30",
        ]
        atheris.Setup([sys.argv[0], *options, f"-artifact_prefix={Path.cwd()}/", str(corpus)], _trial(one_input))
        atheris.Fuzz()


def _functions(prefix: str) -> list[FunctionType]:
    """Of every module that is loaded by now, methods too; changed in place, so it does not matter who imported them."""
    found = []
    for name, module in sorted(sys.modules.items()):
        if name.startswith(prefix):
            own = [value for value in vars(module).values() if getattr(value, "__module__", "") == name]
            methods = [m for kind in own if isinstance(kind, type) for m in vars(kind).values()]
            found += [f for f in own + methods if isinstance(f, FunctionType) and f.__module__ == name]
    return found


def _escaped(word: str) -> str:
    return "".join(f"\\x{byte:02X}" for byte in word.encode())


def _trial(one_input: OneInput) -> Callable[[bytes], None]:
    def trial(data: bytes) -> None:
        answered(one_input, data)

    return trial


def run_all() -> int:
    """Each harness in a process of its own, an equal share of the time each. 1 where one found something."""
    found = harnesses()
    share = max(_seconds(600) // len(found), 1)
    broken = [name for name in found if _run(name, share)]
    print(f"{len(found)} harnesses, {share} s each; findings: {', '.join(broken) or 'none'}")
    return 1 if broken else 0


def _run(name: str, seconds: int) -> int:
    print(f"== {name}", flush=True)
    command = [sys.executable, "-m", f"tests.fuzz.{name}", "--seconds", str(seconds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    told = [line for line in done.stderr.splitlines() if line.startswith("stat::") or "ERROR" in line]
    print("\n".join(told if done.returncode == 0 else [done.stderr[-8000:]]), flush=True)
    return done.returncode


def _seconds(default: int) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=int, default=default)
    return parser.parse_args().seconds
