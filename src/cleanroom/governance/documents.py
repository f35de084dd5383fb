"""Reading the YAML files that people write: one shape, one key once, and errors that name file, line, key and rule.

Every error is a sentence in both languages (`PolicyInvalid.zh`): what stands there and what may.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from cleanroom.errors import PolicyInvalid, Where
from cleanroom.governance.misfits import Misfit, Place, misfits_of
from cleanroom.vocabulary.both import Both

Shape = TypeVar("Shape", bound=BaseModel)
DEEPEST = 40  # levels; no document here has ten
TOLD = 200  # errors at most: who mends so many asks again anyway


class UniqueKeyLoader(yaml.SafeLoader):
    """A key that stands twice in one mapping is a mistake that YAML hides: the last one would win. A scalar that its
    own type refuses (the 45th of a month) is an error with its place, too."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> object:
        try:
            return super().construct_object(node, deep)
        except (ValueError, OverflowError) as e:
            said = Both(f"{node.value[:40]} is not what it looks like: {e}", f"{node.value[:40]} 之值不合其型別")
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark) from None

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict:
        keys = [str(self.construct_object(k, deep=True)) for k, _ in node.value]
        twice = sorted(k for k, n in Counter(keys).items() if n > 1)
        if twice:
            said = Both(f"{', '.join(twice)} stands twice", f"{', '.join(twice)} 重複出現")
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark)
        return super().construct_mapping(node, deep)


def _nothing_more(_: object) -> Iterable[Misfit]:
    return ()


def load(
    shape: type[Shape], source: Path | Traversable, *, also: Callable[[object], Iterable[Misfit]] = _nothing_more
) -> Shape:
    """The file in its shape. `also` finds in the parsed document what the shape does not know. Raises PolicyInvalid
    with file, line and rule of the first error; the others stand in its `others`."""
    text = _text(source)
    document = _parsed(text, source.name)
    return validate(shape, document, name=source.name, lines=_lines(text), more=tuple(also(document)))


def load_text(shape: type[Shape], text: str, *, name: str) -> Shape:
    """`load` of a text that somebody sent; `name` stands in the errors."""
    return validate(shape, _parsed(text, name), name=name, lines=_lines(text))


def read_document(source: Path | Traversable) -> object:
    """The parsed file. Raises PolicyInvalid naming it where it cannot be read or is not YAML."""
    return _parsed(_text(source), source.name)


def validate(
    shape: type[Shape],
    document: object,
    *,
    name: str,
    lines: Mapping[Place, int] | None = None,
    more: Iterable[Misfit] = (),
) -> Shape:
    """The document in its shape. `lines`: place -> line of the file, where known. `more`: found beforehand, told with
    the rest. Raises as `load`."""
    valid, found = None, []
    try:
        valid = shape.model_validate(document)
    except ValidationError as e:
        found = list(misfits_of(shape, e, most=TOLD))
    told = sorted((*found, *more), key=lambda m: _line_of(m.place, lines or {}) or 0)  # as the person reads the file
    refused = [_refusal(m, document, name, lines or {}) for m in told]
    if not refused:
        return valid
    refused[0].others = refused[1:]
    raise refused[0]


def _text(source: Path | Traversable) -> str:
    where = Where(file=str(source) if isinstance(source, Path) else source.name)
    try:
        return source.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise PolicyInvalid("there is no such file", zh="查無此檔案", where=where, rule="path") from None
    except UnicodeDecodeError:
        raise PolicyInvalid("the file is no text in UTF-8", zh="檔案非 UTF-8 文字", where=where, rule="yaml") from None
    except OSError as e:
        en = f"the file cannot be read: {e.strerror or type(e).__name__}"
        raise PolicyInvalid(en, zh="檔案無法讀取", where=where, rule="path") from None


def _parsed(text: str, name: str) -> object:
    try:
        _check_plain(text)
        return yaml.load(text, Loader=UniqueKeyLoader)  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as e:
        raise _not_yaml(e, name) from None


def _not_yaml(e: yaml.YAMLError, name: str) -> PolicyInvalid:
    mark, problem = getattr(e, "problem_mark", None), getattr(e, "problem", None) or "it cannot be read"
    line = f"line {mark.line + 1}: " if mark else ""
    zh = f"第 {mark.line + 1} 行：" if mark else ""
    said = problem if isinstance(problem, Both) else Both(problem, f"YAML 剖析器訊息：{problem}")
    en = f"{line}the file is not YAML as it is read here: {said.en}"
    return PolicyInvalid(en, zh=f"{zh}非可讀取之 YAML：{said.zh_hant}", where=Where(file=name), rule="yaml")


def _check_plain(text: str) -> None:
    """No references: a few lines of them stand for a document of any size. Nothing deeper than a person would write."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            said = Both("references (*name) are not taken", "不接受參照（*name）")
            raise yaml.composer.ComposerError(None, None, said, event.start_mark)
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            said = Both(f"nested deeper than {DEEPEST} levels", f"巢狀超過 {DEEPEST} 層")
            raise yaml.composer.ComposerError(None, None, said, event.start_mark)


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


def _refusal(misfit: Misfit, document: object, name: str, lines: Mapping[Place, int]) -> PolicyInvalid:
    path, line = ".".join(_named(misfit.place, document)), _line_of(misfit.place, lines)
    en = f"{path or 'the whole file'}: {misfit.said.en}"
    zh = f"{path or '整份檔案'}：{misfit.said.zh_hant}"
    if line:
        en, zh = f"line {line}: {en}", f"第 {line} 行：{zh}"
    return PolicyInvalid(en, zh=zh, where=Where(file=name), rule=misfit.rule)


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
