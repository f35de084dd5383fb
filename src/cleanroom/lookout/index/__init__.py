"""The graph's index: built from Parquet, opened by any number of readers, extended and merged by one writer."""

from cleanroom.lookout.index.arranging import arrange
from cleanroom.lookout.index.building import Facts, build
from cleanroom.lookout.index.opening import Index, Verify
from cleanroom.lookout.index.writing import Writer

__all__ = ["Facts", "Index", "Verify", "Writer", "arrange", "build"]
