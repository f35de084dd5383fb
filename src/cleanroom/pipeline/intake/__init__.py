"""The room's step: decide on every submission that waits in one participant's inbox, oldest number first.

Nothing remembers what was done but its results: the ledger in the warehouse, the receipts in the object store, the
keys that are left. Killed at any point and run again, the step reaches the same end.

    waiting.py    which places in the inbox wait for the room
    deciding.py   the checks of one submission, in their order
    landing.py    its parts: opened by workers, judged, landed in one transaction
    orders.py     what two people ordered: release from quarantine, withdrawal
    settling.py   audit, report, receipt; and the end of what was superseded or withdrawn
"""

from cleanroom.pipeline.intake.taking_in import take_in

__all__ = ["take_in"]
