"""Reads the station's YAML files: features, rules, reasons. They are part of the package and of its version."""

from importlib.resources import files
from typing import Any

import yaml


def read_yaml(name: str) -> Any:
    return yaml.safe_load((files("cleanroom.scoring") / "data" / name).read_text(encoding="utf-8"))
