"""What a worker does before it answers: python -m benchmarks.moneyflow.engines.lookout_start INDEX TOKEN BEGINS_US"""

import sys
from pathlib import Path

from cleanroom.lookout.index.opening import Index
from cleanroom.lookout.walks.expanding import expand
from cleanroom.moneyflow.rules import WalkRule

if __name__ == "__main__":
    index = Index.open(Path(sys.argv[1]))
    answer = expand(index.graph, index.account(sys.argv[2]), int(sys.argv[3]), WalkRule(layers=3))
    print(len(answer.only))
