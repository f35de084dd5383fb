"""Who takes part is read from the folder; a folder that cannot be what it says is refused with its place."""

import json

import pytest

from cleanroom.errors import ManifestMalformed, NotAllowed, NothingToDo, UnknownInstitution
from cleanroom.pipeline.rehearsal.consortium import find_consortium, lay_out


def declare(folder, code, sector="bank"):
    folder.mkdir(parents=True)
    (folder / "institution.json").write_text(json.dumps({"institution": code, "sector": sector}))


def test_any_codes_and_any_number(tmp_path):
    for code in ("901", "700", "123"):
        declare(tmp_path / "data" / f"folder-of-{code}", code)
    found = find_consortium(tmp_path / "data")
    assert sorted(found.codes) == ["123", "700", "901"]
    assert found.truth is None
    names = {i.code: i.name_zh for i in found.institutions}
    assert "郵政" in names["700"]
    assert names["901"] == "機構 901"


def test_truth_is_found_where_it_lies(tmp_path):
    declare(tmp_path / "808", "808")
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "accounts.csv").write_text("institution,account\n")
    assert find_consortium(tmp_path).truth == tmp_path / "truth" / "accounts.csv"


@pytest.mark.parametrize("name", ["transfers.csv", "Accounts.CSV", "accounts.parquet", "transfers.sql",
                                  "Institution.json"])  # fmt: skip
def test_no_institution_is_left_out_without_a_word(tmp_path, name):
    declare(tmp_path / "808", "808")
    (tmp_path / "822").mkdir()
    (tmp_path / "822" / "readme.txt").write_text("")
    assert find_consortium(tmp_path).codes == ["808"]
    (tmp_path / "822" / name).write_text("")
    with pytest.raises(NothingToDo, match=r"subfolder 822 holds data and no institution\.json") as refused:
        find_consortium(tmp_path)
    assert "822" in (refused.value.zh or "")


def test_an_empty_or_absent_folder_is_nothing_to_do(tmp_path):
    with pytest.raises(NothingToDo, match=r"institution\.json"):
        find_consortium(tmp_path)
    with pytest.raises(NothingToDo, match="does not exist"):
        find_consortium(tmp_path / "absent")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("not json", ManifestMalformed),
        ('{"institution": "808"}', ManifestMalformed),
        ('{"institution": "808", "sector": "circus"}', ManifestMalformed),
        ('{"institution": "80", "sector": "bank"}', UnknownInstitution),
        ('{"institution": "８０８", "sector": "bank"}', UnknownInstitution),
    ],
)
def test_a_bad_declaration_is_refused_with_its_place(tmp_path, text, kind):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "institution.json").write_text(text, encoding="utf-8")
    with pytest.raises(kind, match=r"x/institution\.json"):
        find_consortium(tmp_path)


def test_a_declaration_that_is_no_json_is_told_with_its_line(tmp_path):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "institution.json").write_text('{"institution": "808",\n "sector": bank}')
    with pytest.raises(ManifestMalformed, match="not JSON in UTF-8; look at line 2") as refused:
        find_consortium(tmp_path)
    assert "第 2 行" in refused.value.in_chinese


def test_a_declaration_may_have_a_byte_order_mark(tmp_path):
    declare(tmp_path / "808", "808")
    path = tmp_path / "808" / "institution.json"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert find_consortium(tmp_path).codes == ["808"]


def test_one_code_twice_is_refused(tmp_path):
    declare(tmp_path / "a", "808")
    declare(tmp_path / "b", "808")
    with pytest.raises(ManifestMalformed, match="same institution code"):
        find_consortium(tmp_path)


def test_a_home_keeps_to_its_consortium(tmp_path):
    declare(tmp_path / "one" / "808", "808")
    declare(tmp_path / "two" / "822", "822")
    home = tmp_path / "home"
    lay_out(find_consortium(tmp_path / "one"), home)
    lay_out(find_consortium(tmp_path / "one"), home)
    assert (home / "institutions" / "808" / "data" / "institution.json").exists()
    assert home.stat().st_mode & 0o077 == 0
    with pytest.raises(NotAllowed, match="--workdir"):
        lay_out(find_consortium(tmp_path / "two"), home)
