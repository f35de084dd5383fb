"""Release proposals: worked out by the keeper when listings were lifted, and kept as files that workers read."""

import hashlib
from datetime import UTC, datetime

import msgspec

from cleanroom.lookout.graph import Graph
from cleanroom.lookout.service.answers import Proposal
from cleanroom.lookout.service.folders import Folders, write_whole
from cleanroom.lookout.verdicts import Keeper
from cleanroom.lookout.verdicts.listings import Listing
from cleanroom.lookout.verdicts.release import release_proposals


def propose(folders: Folders, keeper: Keeper, graph: Graph, lifted: set[Listing]) -> int:
    """Before the listings leave the verdicts. The same listings lifted again, after a kill, are the same proposal.
    Returns the number of accounts."""
    found = release_proposals(keeper, graph, lifted)
    accounts = [graph.tokens[number].tobytes().hex() for number in found.proposed]
    cases = sorted({listing.case_no for listing in lifted})
    proposal = Proposal(datetime.now(UTC), found.state, cases, accounts)
    folders.proposals.mkdir(mode=0o700, exist_ok=True)
    write_whole(folders.proposals / f"{_name(lifted)}.json", msgspec.json.encode(proposal))
    return len(accounts)


def _name(lifted: set[Listing]) -> str:
    digest = hashlib.sha256()
    for listing in sorted(lifted, key=lambda one: (one.token, one.listed_us, one.case_no)):
        digest.update(msgspec.json.encode([listing.token.hex(), listing.listed_us, listing.case_no]))
    return digest.hexdigest()[:32]
