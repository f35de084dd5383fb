"""`python -m cleanroom.lookout.service.warming`: every kernel compiled and loaded once, so that no worker waits for it.

A quarter of a second where all are kept; a minute after an installation, or on another processor.
"""

import sys
from pathlib import Path

from cleanroom.errors import CleanroomError
from cleanroom.lookout import kernels as package
from cleanroom.lookout.kernels.loading import kernels


def warm() -> list[str]:
    """Names of the modules. Raises ServiceFault, SettingsInvalid."""
    sources = sorted((Path(package.__file__).parent / "source").glob("*.py"))
    names = [path.stem for path in sources if "\n@kernel(" in path.read_text(encoding="utf-8")]
    for name in names:
        kernels(name)
    return names


def main() -> int:
    try:
        warm()
    except CleanroomError as e:
        print(e.sentence, file=sys.stderr)
        return e.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
