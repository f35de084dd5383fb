"""What lies in a sealed part after it was opened: a table, as a participant gone bad may have written it.

After a first byte of 1, pairs of bytes that change a good table (where, to what), weighted to its headers and its
footer; else bytes as they come. The part's row count is the good one's, as if it had been signed.
"""

import io

from tests.fuzz.running import OneInput, main

EDITS = b"\1"
SEEDS = [EDITS, EDITS + bytes([0, 1, 2, 3]), EDITS + bytes([255, 9, 9]), b"PAR1", b"PAR1" * 4, b""]
FOUND = [
    EDITS + b"PAR1",  # a column's name differs between the schema and its chunk
    EDITS + b"\x15;r\xcbowtxn_idn\0",  # packed in a way that has no name: the reader ended the process
]
WORDS = ["PAR1", "txn_id", "row_number", "ARROW:schema"]


def good_table() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from cleanroom.contracts.specification import load_specification
    from cleanroom.contracts.tables import sealed_schema
    from cleanroom.vocabulary.terms import Dataset

    schema = sealed_schema(load_specification().datasets[Dataset.CONTACTS])
    sink = io.BytesIO()
    pq.write_table(pa.table([_values(field) for field in schema], schema=schema), sink, compression="zstd")
    return sink.getvalue()


def _values(field):
    import pyarrow as pa

    if pa.types.is_fixed_size_binary(field.type):
        return pa.array([bytes([n]) * field.type.byte_width for n in range(3)], field.type)
    if pa.types.is_string(field.type) or pa.types.is_binary(field.type):
        return pa.array(["a", "b", "c"], pa.string()).cast(field.type)
    return pa.array([1, 2, 3], pa.int64()).cast(field.type)


def changed(raw: bytes, edits: bytes) -> bytes:
    out = bytearray(raw)
    for at in range(0, len(edits) - 2, 3):
        place = int.from_bytes(edits[at : at + 2], "big") % len(out)
        out[place] = edits[at + 2]
    return bytes(out)


def target() -> OneInput:
    from cleanroom.contracts.manifest import Part
    from cleanroom.contracts.specification import load_specification
    from cleanroom.contracts.tables import sealed_schema
    from cleanroom.intake.tables import read_table
    from cleanroom.vocabulary.terms import Dataset

    good = good_table()
    schema = sealed_schema(load_specification().datasets[Dataset.CONTACTS])
    size, digest = len(good), "0" * 64
    part = Part(
        name="part-00000.parquet.age", rows=3, plaintext_bytes=size, plaintext_sha256=digest,
        ciphertext_bytes=size, ciphertext_sha256=digest,
    )  # fmt: skip

    def one_input(data: bytes) -> bool:
        table = read_table(changed(good, data[1:]) if data[:1] == EDITS else data, part, schema)
        assert table.schema.equals(schema) and table.num_rows == 3
        return True

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
