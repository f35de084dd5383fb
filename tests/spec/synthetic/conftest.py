import pytest

from cleanroom.synthetic.consortium import write
from tests.factories.clear_files import cents, parse_time, read_csv, read_institution


@pytest.fixture(scope="session")
def consortium(tmp_path_factory):
    return write(tmp_path_factory.mktemp("made") / "consortium", seed=11, size="small")


@pytest.fixture(scope="session")
def folders(consortium):
    """Institution code -> (institution.json, dataset -> rows as text), read with nothing of the generator's."""
    return {p.parent.name: read_institution(p.parent) for p in sorted(consortium.folder.glob("*/institution.json"))}


@pytest.fixture(scope="session")
def truth(consortium):
    return {n: read_csv(consortium.folder / "truth" / f"{n}.csv", "utf-8") for n in ("accounts", "transfers")}


@pytest.fixture(scope="session")
def transfers(folders):
    """Distinct transfers as (sender, receiver, at, cents): the sender's leg, or the receiver's where there is no other.

    An account is (institution, number).
    """
    keepers = {code for code, (_, data) in folders.items() if "transfers" in data}
    found = []
    for code in sorted(keepers):
        for row in folders[code][1]["transfers"]:
            sender = (row["sender_institution"], row["sender_account"])
            receiver = (row["receiver_institution"], row["receiver_account"])
            if code == sender[0] or sender[0] not in keepers:
                found.append((sender, receiver, parse_time(row["executed_at"]), cents(row["amount_twd"])))
    assert len(found) > 1000
    return sorted(found, key=lambda t: t[2])
