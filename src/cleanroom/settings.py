"""One frozen object per side, built from the environment; the embedded default needs none of it.

Nothing reads the environment at import: call `RoomSettings.from_environment()` where a run starts.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from cleanroom.errors import SettingsInvalid, Where

EMBEDDED = "embedded"
PRODUCTION = "production"
PORTAL_PORT = 8000
PORTAL_PORT_NOTE = Path("portal") / "port"  # in CLEANROOM_HOME, while a rehearsal's portal runs
CHINESE, ENGLISH = "zh-hant", "en"


@dataclass(frozen=True)
class RoomSettings:
    """The locked room's settings.

    `object_store`: "" for the local folder under `home`, else "gs://BUCKET".
    `warehouse`: "" for the DuckDB file under `home`, else "bigquery://PROJECT/DATASET_PREFIX".
    `key_custody`: see `cleanroom.crypto.custody`.
    """

    home: Path
    environment: str = EMBEDDED
    object_store: str = ""
    warehouse: str = ""
    portal_url: str = f"http://127.0.0.1:{PORTAL_PORT}"
    portal_token_file: Path | None = None
    keys_dir: Path | None = None
    policy_file: Path | None = None
    key_custody: str = ""
    kms_emulator: str = ""
    upload_cap_bytes: int = 8 * 1024**3
    notice_delay_hours: float = 2.0
    warning_capacity: int = 100
    ca_file: Path | None = None
    code_commit: str = ""  # of the code that runs, where it was stamped into an image

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "RoomSettings":
        env = os.environ if environ is None else environ
        return cls(
            home=_path(env, "CLEANROOM_HOME", "."),
            environment=_one_of(env, "CLEANROOM_ENVIRONMENT", (EMBEDDED, PRODUCTION)),
            object_store=env.get("CLEANROOM_OBJECT_STORE", ""),
            warehouse=env.get("CLEANROOM_WAREHOUSE", ""),
            portal_url=_portal_url(env),
            portal_token_file=_optional_path(env, "CLEANROOM_PORTAL_TOKEN_FILE"),
            keys_dir=_optional_path(env, "CLEANROOM_KEYS_DIR"),
            policy_file=_optional_path(env, "CLEANROOM_POLICY_FILE"),
            key_custody=env.get("CLEANROOM_KEY_CUSTODY", ""),
            kms_emulator=env.get("CLEANROOM_KMS_EMULATOR_HOST", ""),
            upload_cap_bytes=_integer(env, "CLEANROOM_UPLOAD_CAP_BYTES", cls.upload_cap_bytes),
            notice_delay_hours=_number(env, "CLEANROOM_NOTICE_DELAY_HOURS", cls.notice_delay_hours),
            warning_capacity=_integer(env, "CLEANROOM_WARNING_CAPACITY", cls.warning_capacity),
            ca_file=_optional_path(env, "CLEANROOM_CA_FILE"),
            code_commit=env.get("CLEANROOM_CODE_COMMIT", ""),
        )

    def require_room(self) -> "RoomSettings":
        """These settings. Raises SettingsInvalid where they lead to nothing of a room: neither its folder nor keys nor
        portal token elsewhere. Asked before anything is opened or written, so that a wrong folder stays as it was."""
        if not any(path.exists() for path in (self.room_dir, self.keys, self.portal_token)):
            raise SettingsInvalid(
                "there is no clean room in this folder; set CLEANROOM_HOME to the folder that holds the room",
                zh="此資料夾無無塵室；請以 CLEANROOM_HOME 指定無塵室所在之資料夾",
                where=Where(file=str(self.home.resolve())),
            )
        return self

    @property
    def production(self) -> bool:
        return self.environment == PRODUCTION

    @property
    def room_dir(self) -> Path:
        return self.home / "room"

    @property
    def keys(self) -> Path:
        return self.keys_dir or self.room_dir / "keys"

    @property
    def portal_token(self) -> Path:
        return self.portal_token_file or self.room_dir / "portal.token"

    @property
    def objects_dir(self) -> Path:
        return self.home / "objects"

    @property
    def warehouse_file(self) -> Path:
        return self.room_dir / "warehouse.duckdb"

    @property
    def scratch_dir(self) -> Path:
        return self.room_dir / "scratch"

    @property
    def audit_file(self) -> Path:
        """The room's own hash-chained log."""
        return self.room_dir / "audit.jsonl"

    @property
    def artefacts_dir(self) -> Path:
        return self.room_dir / "artefacts"

    @property
    def runs_dir(self) -> Path:
        return self.room_dir / "runs"

    @property
    def results_dir(self) -> Path:
        """The latest published result of each kind, as JSON; what the portal shows is a copy of these."""
        return self.room_dir / "results"

    @property
    def release_request_file(self) -> Path:
        """What people declare of a model before its release: risk answers, and the evidence only people can give."""
        return self.room_dir / "release-request.yaml"

    @property
    def truth_file(self) -> Path:
        """Known truth as final tokens, for evaluation alone. Absent outside rehearsals and back-tests."""
        return self.room_dir / "truth-tokens.json"


@dataclass(frozen=True)
class ParticipantSettings:
    """One institution's side: its clear files, its key ring, its upload state. Never read by the locked room."""

    institution: str
    home: Path
    data_dir: Path
    environment: str = EMBEDDED
    object_store: str = ""
    objects_dir: Path | None = None
    portal_url: str = f"http://127.0.0.1:{PORTAL_PORT}"
    keys_dir: Path | None = None
    portal_token_file: Path | None = None
    key_custody: str = ""
    kms_emulator: str = ""
    language: str = CHINESE  # of the reports that this institution's staff read
    ca_file: Path | None = None
    database_url_file: Path | None = None
    database_url: str = field(default="", repr=False)  # holds a password

    @classmethod
    def from_environment(cls, institution: str, environ: Mapping[str, str] | None = None) -> "ParticipantSettings":
        env = os.environ if environ is None else environ
        home = _path(env, "CLEANROOM_HOME", ".")
        own = home / "institutions" / institution
        return cls(
            institution=institution,
            home=own,
            data_dir=_optional_path(env, "CLEANROOM_DATA_DIR") or own / "data",
            environment=_one_of(env, "CLEANROOM_ENVIRONMENT", (EMBEDDED, PRODUCTION)),
            object_store=env.get("CLEANROOM_OBJECT_STORE", ""),
            objects_dir=home / "objects",
            portal_url=_portal_url(env),
            keys_dir=_optional_path(env, "CLEANROOM_PARTICIPANT_KEYS_DIR"),
            portal_token_file=_optional_path(env, "CLEANROOM_PARTICIPANT_TOKEN_FILE"),
            key_custody=env.get("CLEANROOM_KEY_CUSTODY", ""),
            kms_emulator=env.get("CLEANROOM_KMS_EMULATOR_HOST", ""),
            language=_one_of(env, "CLEANROOM_LANGUAGE", (CHINESE, ENGLISH)),
            ca_file=_optional_path(env, "CLEANROOM_CA_FILE"),
            database_url_file=_optional_path(env, "CLEANROOM_DATABASE_URL_FILE"),
            database_url=env.get("CLEANROOM_DATABASE_URL", ""),
        )

    @property
    def production(self) -> bool:
        return self.environment == PRODUCTION

    @property
    def keys(self) -> Path:
        return self.keys_dir or self.home / "keys"

    @property
    def portal_token(self) -> Path:
        return self.portal_token_file or self.home / "portal.token"

    @property
    def outbox_dir(self) -> Path:
        """Sealed parts that wait for upload; safe to send again."""
        return self.home / "outbox"

    @property
    def runs_dir(self) -> Path:
        return self.home / "runs"

    @property
    def audit_file(self) -> Path:
        return self.home / "audit.jsonl"


@dataclass(frozen=True)
class ModelSettings:
    """A language model's endpoint, for drafting or for judging. `url`: up to and with its version, `https://host/v1`.

    `timeout_seconds`: of one attempt. `longest_answer`: tokens.
    """

    url: str
    name: str
    key_file: Path | None = None
    ca_file: Path | None = None
    timeout_seconds: float = 60.0
    attempts: int = 3
    longest_answer: int = 800

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "ModelSettings":
        """Raises SettingsInvalid where no endpoint is named."""
        env = os.environ if environ is None else environ
        if not (env.get("CLEANROOM_MODEL_URL") and env.get("CLEANROOM_MODEL_NAME")):
            raise SettingsInvalid(
                "no language model is set; give CLEANROOM_MODEL_URL and CLEANROOM_MODEL_NAME",
                zh="未設定語言模型；請給定 CLEANROOM_MODEL_URL 與 CLEANROOM_MODEL_NAME",
            )
        return cls(
            url=env["CLEANROOM_MODEL_URL"],
            name=env["CLEANROOM_MODEL_NAME"],
            key_file=_optional_path(env, "CLEANROOM_MODEL_KEY_FILE"),
            ca_file=_optional_path(env, "CLEANROOM_CA_FILE"),
            timeout_seconds=_number(env, "CLEANROOM_MODEL_SECONDS", cls.timeout_seconds),
            attempts=_integer(env, "CLEANROOM_MODEL_ATTEMPTS", cls.attempts),
        )


def participants_here(environ: Mapping[str, str] | None = None) -> list[str]:
    """Institution codes whose clear files this machine holds: at an institution one, in a rehearsal all of them.

    `CLEANROOM_PARTICIPANT` names it; without it every folder of `CLEANROOM_HOME/institutions` counts.
    """
    env = os.environ if environ is None else environ
    if env.get("CLEANROOM_PARTICIPANT"):
        return [env["CLEANROOM_PARTICIPANT"]]
    folder = _path(env, "CLEANROOM_HOME", ".") / "institutions"
    return sorted(p.name for p in folder.iterdir() if p.is_dir()) if folder.is_dir() else []


def _portal_url(env: Mapping[str, str]) -> str:
    """As it is set; else on this machine, at the port that a rehearsal in CLEANROOM_HOME took. The note holds a port
    and no address: a token goes to no other machine because of a file."""
    named = env.get("CLEANROOM_PORTAL_URL")
    if named:
        return named.rstrip("/")
    note = _path(env, "CLEANROOM_HOME", ".") / PORTAL_PORT_NOTE
    noted = note.read_text(encoding="ascii", errors="replace").strip() if note.is_file() else ""
    port = int(noted) if re.fullmatch(r"[0-9]{1,5}", noted) else PORTAL_PORT
    return f"http://127.0.0.1:{port}"


def _path(env: Mapping[str, str], name: str, default: str) -> Path:
    return Path(env.get(name) or default).expanduser().absolute()


def _optional_path(env: Mapping[str, str], name: str) -> Path | None:
    return Path(env[name]).expanduser().absolute() if env.get(name) else None


def _one_of(env: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    value = env.get(name) or allowed[0]
    if value not in allowed:
        raise SettingsInvalid(
            f"{name} is {value!r}; set it to one of {', '.join(allowed)}",
            zh=f"{name} 為 {value!r}；請設為 {'、'.join(allowed)} 之一",
        )
    return value


def _integer(env: Mapping[str, str], name: str, default: int) -> int:
    return int(_number(env, name, default))


def _number(env: Mapping[str, str], name: str, default: float) -> float:
    try:
        value = float(env.get(name) or default)
    except ValueError:
        raise SettingsInvalid(
            f"{name} is not a number; give one greater than zero",
            zh=f"{name} 不是數字；請給定大於零之數",
        ) from None
    if not value > 0:
        raise SettingsInvalid(
            f"{name} must be greater than zero",
            zh=f"{name} 須大於零",
        )
    return value


def project_root() -> Path:
    """Where dbt_project/, expectations/, dags/ and portal/ lie: the checkout, or what CLEANROOM_PROJECT names."""
    named = os.environ.get("CLEANROOM_PROJECT")
    return Path(named).absolute() if named else Path(__file__).resolve().parents[2]


def expectations_dir() -> Path:
    """The gates' suites: inside the package where it was installed from a wheel, else in the checkout."""
    installed = Path(__file__).parent / "expectations"
    return installed if installed.is_dir() else project_root() / "expectations"
