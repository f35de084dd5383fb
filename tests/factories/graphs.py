"""The graph that landed rows make, with tokens replaced by the order in which they appear.

Two warehouses have the same graph when the same rows share the same accounts and people, whatever the tokens are.
"""

_ROWS = {
    "transfers": ("participant, txn_id", ("sender_account_token", "receiver_account_token")),
    "accounts": ("participant, row_number", ("account_token", "holder_id_token")),
    "list_events": ("participant, row_number", ("subject_token",)),
}


def shape(warehouse) -> list[tuple]:
    """(dataset, participant, row, number of each token), in an order that no token decides."""
    numbers: dict[str, int] = {}
    rows = []
    for dataset, (order, columns) in _ROWS.items():
        named = order.split(", ")[1]
        found = warehouse.query(f"select participant, {named} as row_name, * from landing.{dataset} order by {order}")
        for row in found.to_pylist():
            tokens = [numbers.setdefault(row[c], len(numbers)) for c in columns]
            rows.append((dataset, row["participant"], row["row_name"], *tokens))
    assert rows, "this would compare nothing with nothing"
    return rows


def joined_legs(warehouse) -> dict[str, bool]:
    """Clearing reference -> whether both institutions' legs name the same two accounts. Only what has two legs."""
    found = warehouse.query(
        "select one.clearing_ref as ref, one.sender_account_token = two.sender_account_token"
        " and one.receiver_account_token = two.receiver_account_token as joined"
        " from landing.transfers as one inner join landing.transfers as two"
        " on one.clearing_ref = two.clearing_ref and one.participant < two.participant"
    )
    return dict(zip(found["ref"].to_pylist(), found["joined"].to_pylist(), strict=True))


def handles_without_account(warehouse) -> int:
    """Handles whose account no landed table names: the way back would be lost."""
    return warehouse.query(
        "select count(*) as n from routing.handles as handles left join landing.accounts as accounts"
        " on accounts.account_token = handles.account_token where accounts.account_token is null"
    )["n"][0].as_py()


def assert_same_graph(room, undisturbed) -> None:
    """`room`: a CleanRoom in which all have delivered; `undisturbed`: the shape of one where no key was changed."""
    with room.opened() as opened:
        assert shape(opened.warehouse) == undisturbed
        legs = joined_legs(opened.warehouse)
        assert len(legs) == 3 and all(legs.values())
        assert handles_without_account(opened.warehouse) == 0
