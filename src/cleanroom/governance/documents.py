"""Reading the YAML files that people write: one shape, one key once, and an error that names the place."""

from collections import Counter
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cleanroom.errors import PolicyInvalid, Where

Shape = TypeVar("Shape", bound=BaseModel)


class UniqueKeyLoader(yaml.SafeLoader):
    """A key that stands twice in one mapping is a mistake that YAML hides: the last one would win."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [str(self.construct_object(k, deep=True)) for k, _ in node.value]
        twice = sorted(k for k, n in Counter(keys).items() if n > 1)
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def read_document(source: Path | Traversable) -> object:
    """The parsed file. Raises PolicyInvalid naming it where it cannot be read or is not YAML."""
    where = Where(file=source.name)
    try:
        return yaml.load(source.read_text(encoding="utf-8"), Loader=UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except (OSError, UnicodeDecodeError) as e:
        raise PolicyInvalid(f"the file cannot be read: {e}", where=where) from None
    except yaml.YAMLError as e:
        raise PolicyInvalid(f"the file is not YAML: {e}", where=where, rule="yaml") from None


def validate(shape: type[Shape], document: object, *, name: str) -> Shape:
    """The document in its shape. Raises PolicyInvalid with the file's name and the first error's place."""
    try:
        return shape.model_validate(document)
    except ValidationError as e:
        raise PolicyInvalid(_first_error(e, document), where=Where(file=name), rule="schema") from None


def _first_error(error: ValidationError, document: object) -> str:
    first, more = error.errors()[0], error.error_count() - 1
    place = ".".join(_named(first["loc"], document)) or "the whole file"
    return f"{place}: {first['msg']}" + (f" (and {more} more)" if more else "")


def _named(loc: tuple[int | str, ...], document: object) -> list[str]:
    """The path to the error; an entry of a list by its `id` or `name`, where it has one, and not by its position."""
    names, here = [], document
    for step in loc:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        entry = here if isinstance(step, int) and isinstance(here, dict) else {}
        names.append(str(entry.get("id") or entry.get("name") or step))
    return names
