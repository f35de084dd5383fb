"""The Results page says less and fewer where there is less and fewer, and one thing is not called many."""

import pytest
from django.utils.translation import override

from portal.results.blocked import ScenarioLine
from portal.results.headline import cases, headline


def line(money: float, accounts: int) -> ScenarioLine:
    return ScenarioLine("Shared list", 0.0, 0, money, None, accounts, None, 0, 0.0)


@pytest.mark.parametrize(
    "money, accounts, english, chinese",
    [
        (1200.0, 12, "1,200 TWD more and 12 accounts more", "多攔阻新臺幣 1,200 元、多 12 戶"),
        (-1200.4, -12, "1,200 TWD less and 12 accounts fewer", "少攔阻新臺幣 1,200 元、少 12 戶"),
        (0.0, 1, "0 TWD more and 1 account more", "多攔阻新臺幣 0 元、多 1 戶"),
        (-0.2, -1, "0 TWD more and 1 account fewer", "多攔阻新臺幣 0 元、少 1 戶"),
        (5.0, 0, "5 TWD more and 0 accounts more", "多攔阻新臺幣 5 元、多 0 戶"),
    ],
)
def test_more_and_less(money, accounts, english, chinese):
    with override("en"):
        assert headline(line(money, accounts)) == f"Shared list: {english} than each bank alone"
    with override("zh-hant"):
        assert headline(line(money, accounts)) == f"Shared list：與各行單獨相較，{chinese}"


@pytest.mark.parametrize(
    "listings, families, english",
    [(1, 1, "1 listing in 1 family of cases"), (1320, 2, "1,320 listings in 2 families of cases")],
)
def test_one_and_many(listings, families, english):
    with override("en"):
        assert cases({"listings": listings, "families": families}) == english
    with override("zh-hant"):
        assert cases({"listings": listings, "families": families}).endswith(f"分屬 {families} 個案件群")
