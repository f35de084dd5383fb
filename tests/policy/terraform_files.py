"""Terraform's files as plain data, for policy tests: quotes and the parser's own marks are taken off."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hcl2

_MARKS = {"__is_block__", "__comments__", "__inline_comments__"}


def load(folder: Path) -> dict[str, Any]:
    """`resource` and `data` as (type, name) -> body; `variable`, `output` as name -> body; `locals`; the `text`."""
    found: dict[str, Any] = {"resource": {}, "data": {}, "variable": {}, "output": {}, "locals": {}, "text": {}}
    for path in sorted(folder.glob("*.tf")):
        text = path.read_text(encoding="utf-8")
        found["text"][path.name] = text
        for kind, blocks in _plain(hcl2.loads(text)).items():
            for block in blocks:
                _add(found, kind, block)
    return found


def _add(found: dict[str, Any], kind: str, block: dict[str, Any]) -> None:
    if kind in ("resource", "data"):
        for type_, named in block.items():
            for name, body in named.items():
                found[kind][type_, name] = body
    elif kind in ("variable", "output", "locals"):
        found[kind].update(block)
    else:
        found[kind] = block


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {_plain(k): _plain(v) for k, v in value.items() if k not in _MARKS}
    if isinstance(value, list):
        return [_plain(v) for v in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


def of_type(found: dict[str, Any], type_: str, kind: str = "resource") -> dict[str, Any]:
    return {name: body for (t, name), body in found[kind].items() if t == type_}


def strings(value: Any) -> Iterator[str]:
    """Every string below a value, keys not counted."""
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from strings(part)


_REFERENCE = re.compile(r"(?<![\w.\"])(data\.)?((?:google|var|local)\w*)\.(\w+)")


def references(text: str) -> set[tuple[str, str, str]]:
    """(`data.` or nothing, type, name) of everything that a file refers to; comments and plain words do not count."""
    code = re.sub(r"#.*", "", text)
    return {(m[1] or "", m[2], m[3]) for m in _REFERENCE.finditer(code)}


def format_faults(text: str) -> Iterator[str]:
    """Where a file is not as `terraform fmt` leaves it: two spaces a level, no tabs, equal signs in line."""
    levels: list[int] = []  # brackets opened on one line are one level, however many
    group: list[tuple[int, int, int]] = []
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        code = re.sub(r'"(?:\\.|[^"\\])*"', '""', line).split("#")[0].rstrip()
        closing = re.match(r"[\s}\])]*", code)[0]
        _close(levels, len(closing.replace(" ", "")))
        if line != line.rstrip() or "\t" in line:
            yield f"line {number}: blanks at the end, or a tab"
        if line.strip() and len(line) - len(line.lstrip()) != 2 * len(levels):
            yield f"line {number}: {2 * len(levels)} spaces of indentation are right"
        assignment = re.match(r'\s*(?:"[^"]*"|[\w-]+)(\s*)=\s', line)
        if assignment and not code.endswith(("{", "(", "[")):
            group.append((number, len(assignment[0]) - 2, len(assignment[1])))
        else:
            yield from _unaligned(group)
            group = []
        _step(levels, code[len(closing) :])
    if not text.endswith("\n"):
        yield "no newline at the end"


def _step(levels: list[int], code: str) -> None:
    net = len(re.findall(r"[{(\[]", code)) - len(re.findall(r"[})\]]", code))
    if net > 0:
        levels.append(net)
    else:
        _close(levels, -net)


def _close(levels: list[int], count: int) -> None:
    for _ in range(count):
        levels[-1] -= 1
        if not levels[-1]:
            levels.pop()


def _unaligned(group: list[tuple[int, int, int]]) -> Iterator[str]:
    places = {place for _, place, _ in group}
    if group and (len(places) > 1 or min(spaces for _, _, spaces in group) != 1):
        yield f"lines {group[0][0]} to {group[-1][0]}: equal signs not in line"
