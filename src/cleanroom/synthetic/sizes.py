"""How large a consortium to make, and who is in it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from cleanroom.errors import SettingsInvalid
from cleanroom.vocabulary.terms import Calendar, Encoding, FileFormat, Sector

TAIPEI = timezone(timedelta(hours=8))
FIRST_DAY = date(2025, 8, 1)
DAYS = 90
DAY_S = 86_400
PERIOD_S = DAYS * DAY_S


@dataclass(frozen=True)
class Institution:
    """`share`: of the consortium's accounts; 0 for those that keep none. The file form differs on purpose."""

    code: str
    name: str
    name_zh: str
    sector: Sector
    share: float
    format: FileFormat
    encoding: Encoding | None
    calendar: Calendar


# The telecom's and the platform's codes are free in the published table; they exist in this consortium only.
INSTITUTIONS = (
    Institution("700", "Demo Post", "示範郵局", Sector.POST_OFFICE, 0.25, FileFormat.CSV, Encoding.CP950, Calendar.ROC),
    Institution(
        "808", "Demo Bank One", "示範第一銀行", Sector.BANK, 0.42, FileFormat.PARQUET, None, Calendar.GREGORIAN
    ),
    Institution(
        "822", "Demo Bank Two", "示範第二銀行", Sector.BANK, 0.33, FileFormat.CSV, Encoding.UTF_8, Calendar.GREGORIAN
    ),
    Institution(
        "990", "Demo Telecom", "示範電信", Sector.TELECOM, 0.0, FileFormat.CSV, Encoding.UTF_8, Calendar.GREGORIAN
    ),
    Institution("991", "Demo Market", "示範電商", Sector.PLATFORM, 0.0, FileFormat.PARQUET, None, Calendar.GREGORIAN),
)
KEEPERS = tuple(i for i in INSTITUTIONS if i.share)
# Where customers also have accounts, and where nobody of the consortium can follow.
OUTSIDE = ("004", "007", "012", "013", "812")


@dataclass(frozen=True)
class Size:
    """`transfers`: ordinary ones; `cases`: scams, each with its victims and its mules; `calls`: ordinary contacts."""

    accounts: int
    transfers: int
    cases: int
    calls: int
    outside_accounts: int


SIZES = {
    "small": Size(accounts=700, transfers=2_800, cases=14, calls=500, outside_accounts=60),
    "demo": Size(accounts=7_000, transfers=38_500, cases=96, calls=9_000, outside_accounts=600),
}


def size_named(name: str) -> Size:
    if name not in SIZES:
        raise SettingsInvalid(
            f"there is no consortium of size {name!r}; choose one of {', '.join(SIZES)}",
            zh=f"無 {name!r} 此規模；可用：{'、'.join(SIZES)}",
        )
    return SIZES[name]


def moment(second: int) -> datetime:
    """The time that lies `second` seconds after the first day's midnight in Taipei."""
    midnight = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, tzinfo=TAIPEI)
    return (midnight.astimezone(UTC) + timedelta(seconds=int(second))).astimezone(TAIPEI)
