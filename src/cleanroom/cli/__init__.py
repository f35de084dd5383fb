"""The `cleanroom` command, one module for each group of commands."""

from cleanroom.cli.main import main

__all__ = ["main"]
