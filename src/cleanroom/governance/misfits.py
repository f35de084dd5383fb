"""What does not fit in a file that a person wrote, as sentences in both languages: what stands there, what may.

What may stand there is read from the JSON Schema of the shape, so that it is said once, by the types.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydantic import BaseModel, ValidationError

from cleanroom.vocabulary.both import Both

Place = tuple[int | str, ...]
_LONGEST = 60  # characters of what was written
_MOST = 40  # names in a list of what may stand there
_NO_VALUE = object()
_KINDS: Mapping[str, Both] = {
    "string": Both("a text", "文字"),
    "boolean": Both("true or false", "true 或 false"),
    "object": Both("a mapping of keys", "鍵值對"),
    "array": Both("a list", "清單"),
    "null": Both("nothing", "空值"),
}
_FORMATS: Mapping[str, Both] = {
    "date": Both("a day such as 2025-10-01", "日期，例如 2025-10-01"),
    "date-time": Both("a time with its offset, such as 2025-10-01T09:00:00+08:00",
                      "含時區之時間，例如 2025-10-01T09:00:00+08:00"),
}  # fmt: skip


@dataclass(frozen=True)
class Misfit:
    """One thing that does not fit. `place`: keys and positions from the top; `rule`: stable, for programs."""

    place: Place
    rule: str
    said: Both


class Misfits(ValueError):
    """What a model's own validator raises, so that each finding keeps its place, its rule and both languages.

    `beside`: what the types of the same model refused.
    """

    def __init__(self, found: tuple[Misfit, ...], *, beside: ValidationError | None = None):
        self.found, self.beside = found, beside
        super().__init__("; ".join([str(beside)] * bool(beside) + [m.said.en for m in found]))

    @classmethod
    def of(cls, rule: str, en: str, zh_hant: str) -> "Misfits":
        """One finding about the whole of what is validated."""
        return cls((Misfit((), rule, Both(en, zh_hant)),))


def misfits_of(shape: type[BaseModel], error: ValidationError, *, most: int) -> Iterator[Misfit]:
    """The first `most` findings, in the order of the fields."""
    return islice(_all(Schema.of(shape), error), most)


def _all(schema: "Schema", error: ValidationError) -> Iterator[Misfit]:
    for e in error.errors(include_url=False):
        own = e.get("ctx", {}).get("error")
        if _follows(e):
            continue
        if isinstance(own, Misfits):
            if own.beside:
                yield from _all(schema, own.beside)
            yield from (Misfit((*e["loc"], *m.place), m.rule, m.said) for m in own.found)
        else:
            place = e["loc"][:-1] if e["loc"][-1:] == ("[key]",) else e["loc"]
            yield Misfit(place, e["type"], _sentence(schema, e))


def _follows(e: Mapping) -> bool:
    """A list that is only too short because entries of it, which are told by themselves, were dropped."""
    return e["type"] == "too_short" and len(e["input"]) >= e["ctx"]["min_length"]


def _sentence(schema: "Schema", e: Mapping) -> Both:
    place = e["loc"]
    if e["type"] == "value_error":  # of a validator that gives one language
        return Both(e["msg"].removeprefix("Value error, "), e["msg"].removeprefix("Value error, "))
    if e["type"] == "missing":
        asked = schema.at(place).asked
        return Both(f"is missing; give {asked.en}", f"缺漏；請給定{asked.zh_hant}")
    if e["type"] == "extra_forbidden":
        may = schema.at(place[:-1]).keys
        return Both(f"does not belong here; the keys here are {may}", f"不屬於此處；此處之鍵為 {may}")
    if place and place[-1] == "[key]":
        asked = schema.at(place[:-2]).key_asked
        return Both(f"is no name that may stand here; give {asked.en}", f"不得為此處之鍵；須為{asked.zh_hant}")
    asked, written = schema.at(place).asked, _written(e.get("input", _NO_VALUE))
    return Both(f"is {written.en}; give {asked.en}", f"為{written.zh_hant}；須為{asked.zh_hant}")


def _written(value: object) -> Both:
    """As the person wrote it: a value by itself, a collection by its kind and size."""
    if value is None or value is _NO_VALUE:
        return Both("empty", "空值")
    if isinstance(value, Mapping):
        return Both(f"a mapping of {_keys(len(value))}", f"含 {len(value)} 個鍵之鍵值對")
    if isinstance(value, list | tuple):
        return Both(f"a list of {len(value)}", f" {len(value)} 項之清單")
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    quoted = f'"{text}"' if isinstance(value, str) else text
    return Both(quoted, f" {quoted}")


def _keys(n: int) -> str:
    return "1 key" if n == 1 else f"{n} keys"


@dataclass(frozen=True)
class Schema:
    """A part of a JSON Schema (2020-12, as pydantic writes it), with the definitions that it refers to."""

    part: Mapping[str, Any]
    definitions: Mapping[str, Any]

    @classmethod
    def of(cls, shape: type[BaseModel]) -> "Schema":
        whole = shape.model_json_schema()
        return cls(whole, whole.get("$defs", {}))._resolved()

    def at(self, place: Place) -> "Schema":
        """The part at a place; one that says nothing where the schema ends before."""
        found = self
        for step in place:
            found = found._step(step)
        return found

    def _step(self, step: int | str) -> "Schema":
        part = self._not_null().part
        if isinstance(step, int) and "properties" not in part:
            of_kind = part.get("prefixItems", [])
            inner = of_kind[step] if step < len(of_kind) else part.get("items")
        else:
            inner = part.get("properties", {}).get(str(step)) or self._of_any_key
        return self._of(inner if isinstance(inner, dict) else {})

    @property
    def _of_any_key(self) -> Mapping | None:
        """What stands under each key of a mapping whose keys are free, or have one form."""
        return next(iter(self.part.get("patternProperties", {}).values()), self.part.get("additionalProperties"))

    def _not_null(self) -> "Schema":
        """Of an entry that may be left out, what it is where it stands."""
        kinds = [self._of(one) for one in self.part.get("anyOf", []) if one.get("type") != "null"]
        return kinds[0] if len(kinds) == 1 else self

    def _of(self, part: Mapping) -> "Schema":
        return Schema(part, self.definitions)._resolved()

    def _resolved(self) -> "Schema":
        name = self.part.get("$ref", "").rpartition("/")[2]
        return self._of(self.definitions[name]) if name else self

    @property
    def keys(self) -> str:
        return ", ".join(self._not_null().part.get("properties", {})) or "-"

    @property
    def key_asked(self) -> Both:
        part = self._not_null().part
        pattern = next(iter(part.get("patternProperties", {})), None)
        form = {"type": "string", "pattern": pattern} if pattern else part.get("propertyNames", {"type": "string"})
        return self._of(form).asked

    @property
    def asked(self) -> Both:
        """What may stand here."""
        part = self.part
        if "anyOf" in part:
            return _joined([self._of(one).asked for one in part["anyOf"]])
        if "enum" in part or "const" in part:
            return _one_of(part.get("enum") or [part["const"]])
        if part.get("format") in _FORMATS:
            return _FORMATS[part["format"]]
        kind = part.get("type")
        if kind in ("integer", "number"):
            return _number(kind, part)
        return self._collection(kind)

    def _collection(self, kind: str | None) -> Both:
        part = self.part
        if kind == "string" and "pattern" in part:
            return Both(f"a text of the form {part['pattern']}", f"符合 {part['pattern']} 之文字")
        if kind == "string" and part.get("minLength"):
            return Both("a text that is not empty", "非空白之文字")
        if kind == "object" and part.get("properties"):
            return Both(f"a mapping with the keys {self.keys}", f"以 {self.keys} 為鍵之鍵值對")
        if kind == "array":
            return _list(part)
        return _KINDS.get(kind or "", Both("another value", "其他值"))


def _one_of(values: Iterable[object]) -> Both:
    named = [str(v) for v in values]
    told = ", ".join(named[:_MOST]) + (", …" if len(named) > _MOST else "")
    return Both(told, told) if len(named) == 1 else Both(f"one of {told}", f" {told} 之一")


_BOUNDS: Mapping[str, Both] = {
    "minimum": Both("from {:g} on", "不小於 {:g}"),
    "exclusiveMinimum": Both("above {:g}", "大於 {:g}"),
    "maximum": Both("up to {:g}", "不大於 {:g}"),
    "exclusiveMaximum": Both("below {:g}", "小於 {:g}"),
}


def _number(kind: str, part: Mapping) -> Both:
    noun = Both("a whole number", "整數") if kind == "integer" else Both("a number", "數值")
    if {"minimum", "maximum"} <= part.keys():
        least, most = part["minimum"], part["maximum"]
        return Both(f"{noun.en} from {least:g} to {most:g}", f" {least:g} 至 {most:g} 之{noun.zh_hant}")
    found = [(said.en.format(part[name]), said.zh_hant.format(part[name])) for name, said in _BOUNDS.items()
             if name in part]  # fmt: skip
    en, zh_hant = " and ".join(f[0] for f in found), "、".join(f[1] for f in found)
    return Both(f"{noun.en} {en}".rstrip(), f"{zh_hant} 之{noun.zh_hant}" if found else noun.zh_hant)


def _list(part: Mapping) -> Both:
    least, most = part.get("minItems"), part.get("maxItems")
    if least is not None and least == most:
        return Both(f"a list of {least}", f" {least} 項之清單")
    if least:
        return Both(f"a list of at least {least}", f"至少 {least} 項之清單")
    return _KINDS["array"]


def _joined(kinds: list[Both]) -> Both:
    return Both(" or ".join(k.en for k in kinds), "或".join(k.zh_hant for k in kinds))
