"""Who may ask: a bearer token for each client, in a file that its owner alone can read."""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

import msgspec

from cleanroom.errors import NotAllowed, SettingsInvalid, Where
from cleanroom.lookout.service.folders import write_whole
from cleanroom.vocabulary.terms import LookoutRole

TOKEN_BYTES = 32
GIVEN = "CLEANROOM_LOOKOUT_CLIENTS"  # the file's content, where a container gets it as a secret


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`name` stands in the access log; it names a program or a desk."""

    name: str
    role: LookoutRole
    token: str


class _File(msgspec.Struct, forbid_unknown_fields=True):
    clients: list[Client]


class Clients:
    """Tokens are kept and compared as digests, every one of them each time, so that time tells nothing."""

    def __init__(self, clients: list[Client]):
        self._known = [(_digest(c.token.encode()), c) for c in clients]

    def named(self, header: str | None, *, role: LookoutRole) -> Client:
        """The client behind an Authorization header. Raises NotAllowed, with the rule `token` or `role`."""
        scheme, _, token = (header or "").partition(" ")
        given, found = _digest(token.strip().encode()), None
        for digest, client in self._known:
            if hmac.compare_digest(digest, given) and scheme.lower() == "bearer":
                found = client
        if found is None:
            raise NotAllowed(
                "the request carries no token that this service knows", zh="請求未附此服務認得之權杖", rule="token"
            )
        if found.role != role:
            raise NotAllowed(
                f"this call needs the role {role}; the token's role is {found.role}",
                zh=f"此功能須有 {role} 角色；此權杖之角色為 {found.role}",
                rule="role",
            )
        return found


def make(path: Path) -> bool:
    """One client of each role, with fresh tokens. False where the file is there already."""
    if path.exists():
        return False
    made = [
        Client(name, role, secrets.token_urlsafe(TOKEN_BYTES))
        for name, role in (("desk", LookoutRole.READER), ("line", LookoutRole.FEEDER))
    ]
    write_whole(path, msgspec.json.format(msgspec.json.encode(_File(made)), indent=1))
    return True


def load(path: Path) -> list[Client]:
    """From CLEANROOM_LOOKOUT_CLIENTS where that is set, else from the file. Raises SettingsInvalid."""
    where = Where(file=str(path))
    given = os.environ.get(GIVEN)
    if not given:
        given = _read_private(path, where)
    try:
        clients = msgspec.json.decode(given, type=_File).clients
    except msgspec.DecodeError:
        raise SettingsInvalid(
            "the clients' file does not have its form; make it with `init`",
            zh="用戶端檔案格式不符；請以 init 重新產生",
            where=where,
        ) from None
    if not clients or any(len(c.token) < TOKEN_BYTES or not c.name for c in clients):
        raise SettingsInvalid(
            "each client has a name and a token of at least 32 characters",
            zh="每一用戶端須有名稱及至少 32 字元之權杖",
            where=where,
        )
    if len({c.name for c in clients}) < len(clients) or len({c.token for c in clients}) < len(clients):
        raise SettingsInvalid("two clients share a name or a token", zh="有兩個用戶端名稱或權杖相同", where=where)
    return clients


def token_of(path: Path, role: LookoutRole) -> str:
    """The first client's of that role. Raises SettingsInvalid."""
    for client in load(path):
        if client.role == role:
            return client.token
    raise SettingsInvalid(
        f"no client has the role {role}", zh=f"無任何用戶端具 {role} 角色", where=Where(file=str(path))
    )


def _read_private(path: Path, where: Where) -> bytes:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if status.st_uid != os.getuid() or status.st_mode & 0o077:
                raise SettingsInvalid(
                    "others may read the clients' tokens; chmod 600",
                    zh="他人可讀取用戶端權杖；請執行 chmod 600",
                    where=where,
                )
            return file.read()
    except FileNotFoundError:
        raise SettingsInvalid(
            "there are no clients yet; make them with `cleanroom lookout init`",
            zh="尚無用戶端；請以 cleanroom lookout init 產生",
            where=where,
        ) from None


def _digest(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()
