"""Who takes part: read from the folder of data, one subfolder with an `institution.json` for each institution."""

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from cleanroom.contracts.institutions import known_codes
from cleanroom.errors import ManifestMalformed, NotAllowed, NothingToDo, UnknownInstitution, Where
from cleanroom.sealing.folder import holds_data
from cleanroom.vocabulary.terms import Sector

DECLARATION = "institution.json"
TRUTH = Path("truth") / "accounts.csv"


@dataclass(frozen=True)
class Institution:
    code: str
    name: str
    name_zh: str
    sector: Sector
    folder: Path

    def as_plan(self) -> dict[str, str]:
        return {"code": self.code, "name": self.name, "name_zh": self.name_zh, "sector": str(self.sector)}


@dataclass(frozen=True)
class Consortium:
    institutions: tuple[Institution, ...]
    truth: Path | None

    @property
    def codes(self) -> list[str]:
        return [institution.code for institution in self.institutions]


def find_consortium(folder: Path) -> Consortium:
    """Read every subfolder that declares an institution.

    Raises NothingToDo where there is none, and where a subfolder has data and declares none: left out without a word,
    an institution's share of every figure would be missing.
    """
    if not folder.is_dir():
        raise NothingToDo(
            "this folder does not exist; name one that holds a subfolder for each institution",
            zh="此資料夾不存在；請指定每機構一子資料夾之資料夾",
            where=Where(file=str(folder)),
        )
    _check_all_declare(folder)
    found = [_institution(path.parent) for path in sorted(folder.glob(f"*/{DECLARATION}"))]
    if not found:
        raise NothingToDo(
            f"no subfolder holds an {DECLARATION}; see docs/stations/sealing.md for the form",
            zh=f"無任何子資料夾含 {DECLARATION}；格式見 docs/stations/sealing.md",
            where=Where(file=str(folder)),
        )
    codes = [institution.code for institution in found]
    if len(set(codes)) != len(codes):
        raise ManifestMalformed(
            "two subfolders declare the same institution code",
            zh="兩個子資料夾申報相同機構代碼",
            where=Where(file=str(folder)),
        )
    truth = folder / TRUTH
    return Consortium(institutions=tuple(found), truth=truth if truth.exists() else None)


def _check_all_declare(folder: Path) -> None:
    sides = (path for path in sorted(folder.iterdir()) if path.is_dir() and path.name != TRUTH.parent.name)
    for side in sides:
        if holds_data(side) and DECLARATION not in {path.name for path in side.iterdir()}:
            raise NothingToDo(
                f"the subfolder {side.name} holds data and no {DECLARATION}; declare it or take it away",
                zh=f"子資料夾 {side.name} 有資料而無 {DECLARATION}；請申報或移除",
                where=Where(file=str(side)),
                rule="undeclared_folder",
            )


def _institution(folder: Path) -> Institution:
    path = folder / DECLARATION
    where = Where(file=str(path))
    try:
        declared = json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as e:
        line = getattr(e, "lineno", None)  # none where the bytes are no UTF-8 or nest too deep
        raise ManifestMalformed(
            "the declaration is not JSON in UTF-8" + (f"; look at line {line}" if line else ""),
            zh="申報檔非 UTF-8 之 JSON" + (f"；請檢視第 {line} 行" if line else ""),
            where=where,
            rule="declaration",
        ) from None
    try:
        code, sector = str(declared["institution"]), Sector(declared["sector"])
    except (ValueError, KeyError, TypeError):
        sectors = list(map(str, Sector))
        raise ManifestMalformed(
            f"the declaration needs `institution`, a code of three digits, and `sector`, one of {', '.join(sectors)}",
            zh=f"申報檔須有 institution（三位數代碼）與 sector（{'、'.join(sectors)} 之一）",
            where=where,
            rule="declaration",
        ) from None
    if not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise UnknownInstitution(
            "an institution code has three digits", zh="機構代碼為三位數", where=where, rule="institution_code"
        )
    known = known_codes().get(code)
    return Institution(
        code=code,
        name=known.en if known else f"Institution {code}",
        name_zh=known.zh_hant if known else f"機構 {code}",
        sector=sector,
        folder=folder,
    )


def lay_out(consortium: Consortium, home: Path) -> None:
    """Give every institution its own side under `home`, with its clear files linked in, not copied.

    A home keeps to the folder it was made for: other data under the same keys and sequence numbers would be another
    consortium's. Raises NotAllowed then.
    """
    note = home / "rehearsal.json"
    identity = hashlib.sha256(json.dumps([i.as_plan() for i in consortium.institutions]).encode()).hexdigest()
    if note.exists() and json.loads(note.read_text())["consortium"] != identity:
        raise NotAllowed(
            "this working folder holds a rehearsal of another consortium; name a new one with --workdir",
            zh="此工作資料夾已有其他參與機構之演練；請以 --workdir 另行指定",
            where=Where(file=str(home)),
        )
    home.mkdir(parents=True, exist_ok=True)
    home.chmod(0o700)
    for institution in consortium.institutions:
        link = home / "institutions" / institution.code / "data"
        link.parent.mkdir(parents=True, exist_ok=True)
        _link(institution.folder.absolute(), link)
    if not note.exists():
        begun = datetime.now(UTC).date().isoformat()
        note.write_text(json.dumps({"consortium": identity, "codes": consortium.codes, "begun": begun}))


def begun_on(home: Path) -> date:
    """The day on which this home's rehearsal began; its agreement keeps that date when it is run again."""
    return date.fromisoformat(json.loads((home / "rehearsal.json").read_text())["begun"])


def _link(folder: Path, link: Path) -> None:
    if link.is_symlink():
        if Path(os.readlink(link)) == folder:
            return
        link.unlink()
    elif link.exists():
        shutil.rmtree(link)
    link.symlink_to(folder, target_is_directory=True)
