"""All harnesses, one after the other: `python -m tests.fuzz --seconds 600`."""

import sys

from tests.fuzz.running import run_all

if __name__ == "__main__":
    sys.exit(run_all())
