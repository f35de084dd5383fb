"""Where a BigQuery warehouse lies: `bigquery://PROJECT/PREFIX`.

With `?location=asia-east1` where it is not the default, and with `?endpoint=http://127.0.0.1:9050` for an emulator on
this machine (no other endpoint is taken: it gets no credentials).
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import parse_qs, urlsplit

from cleanroom.errors import SettingsInvalid
from cleanroom.stores.ports import DbtTarget

DEFAULT_LOCATION = "asia-east1"


@dataclass(frozen=True)
class Address:
    project: str
    prefix: str
    location: str = DEFAULT_LOCATION
    endpoint: str = ""

    @classmethod
    def parse(cls, text: str) -> "Address":
        parts = urlsplit(text)
        options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        prefix = parts.path.strip("/")
        if not parts.netloc or not re.fullmatch(r"[A-Za-z0-9_]+", prefix) or set(options) - {"location", "endpoint"}:
            raise SettingsInvalid(
                "CLEANROOM_WAREHOUSE must be bigquery://PROJECT/DATASET_PREFIX[?location=REGION]",
                zh="CLEANROOM_WAREHOUSE 須為 bigquery://PROJECT/DATASET_PREFIX[?location=REGION]",
            )
        address = cls(parts.netloc, prefix, **options)
        if address.endpoint and not _is_loopback(address.endpoint):
            raise SettingsInvalid(
                "the warehouse's endpoint must be an emulator on this machine, like http://127.0.0.1",
                zh="資料倉儲之端點須為本機模擬器，例如 http://127.0.0.1",
            )
        return address

    def dbt_target(self) -> DbtTarget:
        variables = {
            "CLEANROOM_DBT_BIGQUERY_PROJECT": self.project,
            "CLEANROOM_DBT_BIGQUERY_PREFIX": self.prefix,
            "CLEANROOM_DBT_BIGQUERY_LOCATION": self.location,
        }
        return DbtTarget("warehouse", variables | (_emulator(self.endpoint) if self.endpoint else {}))


def _emulator(endpoint: str) -> dict[str, str]:
    return {
        "CLEANROOM_DBT_BIGQUERY_METHOD": "oauth-secrets",
        "CLEANROOM_DBT_BIGQUERY_TOKEN": "none",
        "CLEANROOM_DBT_BIGQUERY_ENDPOINT": endpoint,
        "CLEANROOM_DBT_CONTRACTS": "False",  # the emulator lacks the DDL
    }


def _is_loopback(endpoint: str) -> bool:
    host = urlsplit(endpoint).hostname or ""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
