"""Names of objects: relative, plain, and never a way out of the store. Shared by every engine."""

import re

from cleanroom.contracts.manifest import KEYS
from cleanroom.errors import NotAllowed, StoreFault, TooLarge

_SEGMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._=-]{0,199}")
_LONGEST = 700


def check_name(name: str) -> str:
    """Raises NotAllowed for names with empty, hidden or parent segments, or other characters."""
    if len(name) > _LONGEST or not all(_SEGMENT.fullmatch(s) for s in name.split("/")):
        raise NotAllowed(
            "an object's name has a form that the store does not take",
            zh="物件名稱之格式非物件儲存所接受",
            rule="object_name",
        )
    return name


def check_key_name(name: str) -> str:
    """Raises NotAllowed for any object but a submission's key: nothing else is ever destroyed."""
    if not check_name(name).startswith(f"{KEYS}/"):
        raise NotAllowed("only a submission's key can be destroyed", zh="僅上傳件之金鑰可予銷毀", rule="destroy")
    return name


def other_content(name: str) -> NotAllowed:
    return NotAllowed(
        f"{name} is there already with other content; nothing is overwritten",
        zh=f"{name} 已存在且內容不同；不予覆寫",
        rule="write_once",
    )


def over_cap(name: str, size: int, cap_bytes: int) -> TooLarge:
    return TooLarge(
        f"{name} has {size} bytes; at most {cap_bytes} are taken",
        zh=f"{name} 為 {size} 位元組，上限為 {cap_bytes} 位元組",
        rule="size_cap",
    )


def missing(name: str) -> StoreFault:
    return StoreFault(f"{name} is not in the object store", zh=f"物件儲存中無 {name}")
