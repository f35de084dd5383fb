"""Puts what was written back into the fields of a form's HTML."""

from html import escape
from html.parser import HTMLParser

from django.http import QueryDict

_AFRESH = frozenset({"hidden", "password", "file", "submit", "button", "reset"})
_CHOSEN = frozenset({"checkbox", "radio"})
Attributes = list[tuple[str, str | None]]


def filled(html: str, written: QueryDict, *, fault: str | None = None, said_by: str = "") -> str:
    """`html` with the values of `written`; the field named `fault` is marked as wrong and described by the element
    `said_by`. A field with `data-afresh` stays as it is: what it says has to be meant anew."""
    filler = _Filler(written, fault, said_by)
    filler.feed(html)
    filler.close()
    return "".join(filler.out)


class _Filler(HTMLParser):
    def __init__(self, written: QueryDict, fault: str | None, said_by: str):
        super().__init__(convert_charrefs=False)
        self.written, self.fault, self.said_by = written, fault, said_by
        self.out: list[str] = []
        self.text_field = False  # inside of a textarea, whose own text falls away
        self.choices: list[str] | None = None  # inside of a select

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        name = dict(attrs).get("name")
        field = tag in ("input", "select", "textarea") and name in self.written and "data-afresh" not in dict(attrs)
        if field and tag == "input":
            attrs = _input(attrs, self.written.getlist(name))
        elif field and tag == "select":
            self.choices = self.written.getlist(name)
        elif tag == "option" and self.choices is not None:
            attrs = _with(attrs, "selected", dict(attrs).get("value") in self.choices)
        if tag in ("input", "select", "textarea") and name and name == self.fault:
            attrs = self._marked(attrs)
        self.out.append(_tag(tag, attrs))
        if field and tag == "textarea":
            self.text_field = True
            self.out.append("\n" + escape(self.written[name]))

    def _marked(self, attrs: Attributes) -> Attributes:
        described = " ".join(filter(None, [self.said_by, dict(attrs).get("aria-describedby")]))
        kept = [(n, v) for n, v in attrs if n not in ("aria-describedby", "aria-invalid")]
        return [*kept, ("aria-invalid", "true"), ("aria-describedby", described)]

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        self.text_field = self.text_field and tag != "textarea"
        self.choices = None if tag == "select" else self.choices
        self.out.append(f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self.text_field:
            self.out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_comment(self, data: str) -> None:
        """Falls away."""


def _input(attrs: Attributes, values: list[str]) -> Attributes:
    kind = dict(attrs).get("type") or "text"
    if kind in _AFRESH:
        return attrs
    if kind in _CHOSEN:
        return _with(attrs, "checked", dict(attrs).get("value", "on") in values)
    return [*(pair for pair in attrs if pair[0] != "value"), ("value", values[-1])]


def _with(attrs: Attributes, mark: str, wanted: bool) -> Attributes:
    return [*(pair for pair in attrs if pair[0] != mark), *([(mark, None)] if wanted else [])]


def _tag(tag: str, attrs: Attributes) -> str:
    return f"<{tag}{''.join(f' {_attribute(name, value)}' for name, value in attrs)}>"


def _attribute(name: str, value: str | None) -> str:
    return name if value is None else f'{name}="{escape(value)}"'
