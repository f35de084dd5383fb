import re
from importlib.resources import files

from cleanroom.contracts.institutions import known_codes


def test_every_line_of_the_table_is_a_code_with_both_names():
    lines = (files("cleanroom.contracts") / "institution_codes.csv").read_text(encoding="utf-8").splitlines()
    assert len(known_codes()) == len(lines) - 1 > 50, "a code stands twice or the table is nearly empty"
    for code, name in known_codes().items():
        assert re.fullmatch(r"[0-9]{3}", code)
        assert name.en.isascii()
        assert re.search("[\u4e00-\u9fff]", name.zh_hant)


def test_well_known_codes():
    names = known_codes()
    assert names["004"].en == "Bank of Taiwan"
    assert names["700"].zh_hant == "中華郵政"
    assert names["808"].zh_hant == "玉山商業銀行"
    assert list(names) == sorted(names)
