"""One notation for a kernel's types, read by the compiler and by the loader: "i64(u32*, i64*, i64)".

Scalars: i64, f64. Pointers: u8*, i8*, u16*, u32*, i32*, u64*, i64*, f32*, f64*. The result is i64 or f64.
"""

import re
from dataclasses import dataclass

SCALARS = ("i64", "f64")
POINTED = ("u8", "i8", "u16", "u32", "i32", "u64", "i64", "f32", "f64")
FROM_C = ("memset", "memcpy", "memmove", "memcmp")  # what the compiler makes of loops, taken from this process
_FORM = re.compile(r"^(?P<result>\w+)\((?P<arguments>[^()]*)\)$")


@dataclass(frozen=True)
class Signature:
    result: str
    arguments: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.result}({', '.join(self.arguments)})"


def parse(text: str) -> Signature:
    """Raises ValueError where the notation is broken."""
    if not (form := _FORM.match(text.strip())):
        raise ValueError(f"not a kernel's signature: {text!r}")
    arguments = tuple(a.strip() for a in form["arguments"].split(",") if a.strip())
    known = {*SCALARS, *(f"{name}*" for name in POINTED)}
    unknown = [name for name in (form["result"], *arguments) if name not in known]
    if unknown or form["result"] not in SCALARS:
        raise ValueError(f"{text!r} names what no kernel takes or gives: {', '.join(unknown) or form['result']}")
    return Signature(form["result"], arguments)
