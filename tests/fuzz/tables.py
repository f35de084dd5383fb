"""A whole file through reading and checking, as sealing does it before anything is hashed."""

from cleanroom.contracts.specification import DatasetContract
from cleanroom.sealing.folder import ClearFile

KNOWN = ("700", "808", "822")


def whole_file(file: ClearFile, contract: DatasetContract, *, institution: str) -> bool:
    """Whether the file has no fault. Raises Refusal where it is no table; asserts what a report always keeps."""
    from cleanroom.sealing.findings import Total
    from cleanroom.sealing.reading import read_batches
    from cleanroom.sealing.rows import Rules, check_batch

    rules = Rules(contract, file.source, institution, KNOWN)
    total, rows = Total(), 0
    for raw in read_batches(file, contract):
        clear = check_batch(raw, rules)
        rows += clear.rows.num_rows + len(raw.ragged)
        total.add(clear.found)
    for finding in total.found:
        numbers = finding.row_numbers
        assert list(numbers) == sorted(set(numbers)), "row numbers do not rise"
        assert 0 < len(numbers) <= finding.failed_rows <= rows, "a count that the rows do not bear out"
        assert numbers[0] >= 1
    return not total.failed
