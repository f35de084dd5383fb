"""Whether an account is downstream of a watch-listed one, and how much tainted money came to it: kept up to date.

`Keeper` (one process) writes it into memory-mapped files, `Verdicts` (any process) reads it in microseconds.
`listings` are where it begins; `passing` moves it over the transfers in order of time; `periods` let it go back for
late transfers and for listings that came, changed or were lifted. `following`, `release` and `summary` answer
questions about given reports, lifted listings and one account.
"""

from cleanroom.lookout.verdicts.keeper import Keeper
from cleanroom.lookout.verdicts.reader import Verdict, VerdictColumns, Verdicts

__all__ = ["Keeper", "Verdict", "VerdictColumns", "Verdicts"]
