"""The policy that the portal judges by: the one that CLEANROOM_POLICY_FILE names, else the one that ships."""

import os
from functools import lru_cache
from pathlib import Path

from cleanroom.governance.policy import Policy, load_policy


def current_policy() -> Policy:
    """Read once per file; a changed file takes effect when the portal starts again."""
    return _read(os.environ.get("CLEANROOM_POLICY_FILE") or None)


@lru_cache(maxsize=4)
def _read(path: str | None) -> Policy:
    return load_policy(Path(path) if path else None)
