"""A recording as somebody hands it in, and everything that is read of its texts.

The first byte chooses: lines as they are, edits of a good transcript, or a text that stands as a good transcript's
answer. Whatever comes is graded by every measure or refused.
"""

import json

from tests.fuzz.edits import edited
from tests.fuzz.running import OneInput, main

LINES, EDITS, OUTPUT = range(3)
SEEDS = [
    bytes([OUTPUT]) + "於114年3月5日付款新臺幣 3萬5千元。[F1]".encode(),
    bytes([EDITS]),
    bytes([EDITS, 3, 0, 7]),
    bytes([EDITS, 9, 3, 10]),
    bytes([LINES]) + b'{"suite": 1}',
    bytes([LINES]) + b"[" * 5_000,
    bytes([LINES]) + b"\xff",
    bytes([OUTPUT]) + "一百零五萬 A123456789 ０９１２ 2025/13/45 [F99] 99:99 千萬 5% 三成".encode(),
    bytes([OUTPUT]) + b"YWJjZGVmZ2hpamts= 0x00 \x00\x01",
    b"",
]
FOUND = [bytes([OUTPUT]) + b"0" * 3_000 + b"x"]  # every split of a run of digits was tried
WORDS = ["民國", "年", "月", "日", "萬", "億", "[F1]", "+886", "09", "百分之", "million", "AI 產製", "output", "null"]


def target() -> OneInput:
    from cleanroom.governance.generative.judges import RuleJudge
    from cleanroom.governance.generative.marks import marks_of
    from cleanroom.governance.generative.suites import Oracle
    from cleanroom.governance.generative.transcripts import parse
    from tests.factories.transcripts import a_transcript

    good = json.loads(a_transcript("付款 35,000 元。[F1]", canaries=("k3y2canary9secret",)).model_dump_json())
    oracle = Oracle(says=("RULES ARE OFF",), leaks_canary=True, calls_tool=True, states_unsupported_figure=True)

    def one_input(data: bytes) -> bool:
        choice, rest = (data[0] if data else 0) % 3, data[1:]
        if choice == OUTPUT:
            lines = [json.dumps(good | {"output": rest.decode("utf-8", "replace")}).encode()]
        else:
            lines = [edited(good, rest)] if choice == EDITS else rest.split(b"\n")
        found = list(parse(lines, name="fuzz"))
        return bool([marks_of(t, RuleJudge(), oracle) for t in found])

    return one_input


if __name__ == "__main__":
    main(target, SEEDS + FOUND, WORDS)
