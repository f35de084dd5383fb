"""How the room's decision on a submission may change, as a table.

`held` waits for the number before it. `refused` may be decided anew once its reason is gone (an MoU that is signed by
now). A file that failed its gate fails it again, and what has landed stays landed.
"""

from cleanroom.vocabulary.terms import UploadState as S

NEXT: dict[S, frozenset[S]] = {
    S.HELD: frozenset({S.ACCEPTED, S.QUARANTINED, S.REFUSED}),
    S.REFUSED: frozenset({S.ACCEPTED, S.QUARANTINED, S.HELD}),
    S.QUARANTINED: frozenset(),
    S.ACCEPTED: frozenset(),
}
