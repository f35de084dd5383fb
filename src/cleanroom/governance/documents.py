"""Reading the YAML files that people write: one shape, one key once, and errors that name file, line and rule."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from itertools import islice
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cleanroom.errors import PolicyInvalid, Where

Shape = TypeVar("Shape", bound=BaseModel)
Place = tuple[int | str, ...]
DEEPEST = 40  # levels; no document here has ten
TOLD = 200  # errors at most: who mends so many asks again anyway


@dataclass(frozen=True)
class Misfit:
    """Something that one field alone cannot show: names that exist nowhere, sums that do not add up."""

    place: Place
    rule: str
    sentence: str


class Misfits(ValueError):
    """What a model's own validator raises, so that each finding keeps its place and its rule."""

    def __init__(self, found: tuple[Misfit, ...]):
        self.found = found
        super().__init__("; ".join(m.sentence for m in found))


class UniqueKeyLoader(yaml.SafeLoader):
    """A key that stands twice in one mapping is a mistake that YAML hides: the last one would win. A scalar that its
    own type refuses (the 45th of a month) is an error with its place, too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as e:
            raise yaml.constructor.ConstructorError(None, None, str(e), node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [str(self.construct_object(k, deep=True)) for k, _ in node.value]
        twice = sorted(k for k, n in Counter(keys).items() if n > 1)
        if twice:
            raise yaml.constructor.ConstructorError(None, None, f"{', '.join(twice)} stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def load(shape: type[Shape], source: Path | Traversable) -> Shape:
    """The file in its shape. Raises PolicyInvalid with file, line and rule of the first error; the others stand in its
    `others`."""
    return load_text(shape, _text(source), name=source.name)


def load_text(shape: type[Shape], text: str, *, name: str) -> Shape:
    """`load` of a text that somebody sent; `name` stands in the errors."""
    return validate(shape, _parsed(text, name), name=name, lines=_lines(text))


def read_document(source: Path | Traversable) -> object:
    """The parsed file. Raises PolicyInvalid naming it where it cannot be read or is not YAML."""
    return _parsed(_text(source), source.name)


def validate(shape: type[Shape], document: object, *, name: str, lines: Mapping[Place, int] | None = None) -> Shape:
    """The document in its shape. `lines`: place -> line of the file, where known. Raises as `load`."""
    try:
        return shape.model_validate(document)
    except ValidationError as e:
        refused = [_refusal(m, document, name, lines or {}) for m in islice(_misfits(e), TOLD)]
        refused[0].others = refused[1:]
        raise refused[0] from None


def _text(source: Path | Traversable) -> str:
    try:
        return source.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        raise PolicyInvalid(f"the file cannot be read: {e}", where=Where(file=source.name)) from None


def _parsed(text: str, name: str) -> object:
    try:
        _check_plain(text)
        return yaml.load(text, Loader=UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as e:
        raise PolicyInvalid(f"the file is not YAML: {e}", where=Where(file=name), rule="yaml") from None


def _check_plain(text: str) -> None:
    """No references: a few lines of them stand for a document of any size. Nothing deeper than a person would write."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise yaml.composer.ComposerError(None, None, "references (*name) are not taken", event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {DEEPEST} levels", event.start_mark)


def _lines(text: str) -> dict[Place, int]:
    """The line, from 1, on which each entry of a parsed file begins."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    return dict(_entries(root, ())) if root else {}


def _entries(node: yaml.Node, place: Place) -> Iterator[tuple[Place, int]]:
    yield place, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*place, str(key.value))
            yield from _entries(value, inner)
            yield inner, key.start_mark.line + 1  # the key's line, also where its value begins on the next
    elif isinstance(node, yaml.SequenceNode):
        for i, value in enumerate(node.value):
            yield from _entries(value, (*place, i))


def _misfits(error: ValidationError) -> Iterator[Misfit]:
    for e in error.errors(include_url=False):
        own = e.get("ctx", {}).get("error")
        if isinstance(own, Misfits):
            yield from (Misfit((*e["loc"], *m.place), m.rule, m.sentence) for m in own.found)
        else:
            yield Misfit(e["loc"], e["type"], e["msg"])


def _refusal(misfit: Misfit, document: object, name: str, lines: Mapping[Place, int]) -> PolicyInvalid:
    place = ".".join(_named(misfit.place, document)) or "the whole file"
    line = _line_of(misfit.place, lines)
    sentence = f"{place}: {misfit.sentence}"
    return PolicyInvalid(f"line {line}: {sentence}" if line else sentence, where=Where(file=name), rule=misfit.rule)


def _line_of(place: Place, lines: Mapping[Place, int]) -> int | None:
    """Of the nearest entry that the file has: what is missing is missing there."""
    wanted = tuple(p if isinstance(p, int) else str(p) for p in place)
    for end in range(len(wanted), -1, -1):
        for tried in (wanted[:end], tuple(str(p) for p in wanted[:end])):
            if tried in lines:
                return lines[tried]
    return None


def _named(place: Place, document: object) -> list[str]:
    """The path to the error; an entry of a list by its `id` or `name`, where it has one, and not by its position."""
    names, here = [], document
    for step in place:
        try:
            here = here[step]
        except (KeyError, IndexError, TypeError):
            here = None
        entry = here if isinstance(step, int) and isinstance(here, dict) else {}
        names.append(str(entry.get("id") or entry.get("name") or step))
    return names
