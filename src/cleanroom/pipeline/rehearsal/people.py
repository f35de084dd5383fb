"""The rehearsal's people and services: who they are and how each speaks to the portal with a token of its own."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cleanroom.errors import NotAllowed
from cleanroom.settings import ParticipantSettings, RoomSettings
from cleanroom.stores.portal_http import HttpPortal


@dataclass(frozen=True)
class Login:
    username: str
    password: str
    roles: tuple[str, ...]
    capacities: tuple[str, ...]
    institution: str | None
    api_token: str


class People:
    """Logins of a rehearsal, found by role, capacity and institution."""

    def __init__(self, logins: list[Login], portal_url: str):
        self._logins = logins
        self._portal_url = portal_url

    @classmethod
    def read(cls, path: Path, portal_url: str) -> "People":
        return cls([_login(entry) for entry in json.loads(path.read_text(encoding="utf-8"))], portal_url)

    def who(self, role: str, institution: str | None = None, *, other_than: str | None = None) -> Login:
        """The first person with that role (or sign-off capacity) at that institution; None is the programme itself."""
        for login in self._logins:
            fits = role in login.roles or role in login.capacities
            if fits and login.institution == institution and login.username != other_than:
                return login
        raise NotAllowed(
            f"nobody in this rehearsal is {role}" + (f" at {institution}" if institution else ""),
            zh=f"本次演練無人擔任 {role}（{institution or '無塵室'}）",
        )

    def with_capacity(self, capacity: str) -> list[Login]:
        return [login for login in self._logins if capacity in login.capacities]

    def one_per_role(self) -> list[Login]:
        """For the printed table: the first login of every role a person can have."""
        seen: dict[str, Login] = {}
        for login in self._logins:
            for role in login.roles:
                if not role.endswith("_service"):
                    seen.setdefault(role, login)
        return list(dict.fromkeys(seen.values()))

    def portal_as(self, login: Login) -> HttpPortal:
        return HttpPortal(self._portal_url, login.api_token)

    def hand_out_tokens(self, home: Path, codes: list[str]) -> None:
        """Each side gets its own service's token, in a file that only its owner may read."""
        _write_private(RoomSettings(home=home).portal_token, self.who("room_service").api_token)
        for code in codes:
            settings = ParticipantSettings(code, home / "institutions" / code, home)
            _write_private(settings.portal_token, self.who("upload_service", code).api_token)


def _login(entry: dict) -> Login:
    return Login(
        username=entry["username"],
        password=entry["password"],
        roles=tuple(entry["roles"]),
        capacities=tuple(entry.get("capacities", ())),
        institution=entry["institution"],
        api_token=entry["api_token"],
    )


def _write_private(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text + "\n")
