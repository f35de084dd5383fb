"""How the room's decision on a submission may change, as a table.

`held` waits for the number before it. `refused` may be decided anew once its reason is gone (an MoU that is signed by
now). A file that failed its gate fails it again, so it leaves `quarantined` only by a release that two people ordered.
What has landed leaves only by withdrawal or by a later submission that replaces it.
"""

from cleanroom.vocabulary.terms import UploadState as S

NEXT: dict[S, frozenset[S]] = {
    S.HELD: frozenset({S.ACCEPTED, S.QUARANTINED, S.REFUSED}),
    S.REFUSED: frozenset({S.ACCEPTED, S.QUARANTINED, S.HELD}),
    S.QUARANTINED: frozenset({S.ACCEPTED}),
    S.ACCEPTED: frozenset({S.SUPERSEDED, S.WITHDRAWN}),
    S.SUPERSEDED: frozenset(),
    S.WITHDRAWN: frozenset(),
}

# These have landed once: their number is used for ever.
LANDED = (S.ACCEPTED, S.SUPERSEDED, S.WITHDRAWN)
REJECTED = (S.QUARANTINED, S.REFUSED)
