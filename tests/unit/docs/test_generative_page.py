"""docs/generative.md names every metric, field, case count and command that there is."""

import re
from collections import Counter

from cleanroom import errors
from cleanroom.cli.main import parser
from cleanroom.governance.catalogue import Supplier, supplied_by
from cleanroom.governance.generative.suites import load_suites
from cleanroom.governance.generative.transcripts import Transcript
from cleanroom.governance.policy import load_policy
from cleanroom.pipeline.care_notes.recording import Plan, questions
from cleanroom.settings import project_root

PAGE = (project_root() / "docs" / "generative.md").read_text(encoding="utf-8")


def test_every_metric_stands_there_with_its_control():
    rows = dict(re.findall(r"^\| `(\w+)` \| ([A-Z]{3}-[0-9]-[0-9]{2}) \| \w", PAGE, re.MULTILINE))
    wanted = supplied_by(Supplier.TRANSCRIPTS)
    assert len(wanted) == 10
    assert rows == {m.name: c.id for c in load_policy().controls for m in c.metrics if m.name in wanted}


def test_every_field_of_a_transcript_is_told():
    told = set(re.findall(r"`(\w+)`", PAGE.split("## Transcripts")[1].split("## Suites")[0]))
    assert len(Transcript.model_fields) > 15
    assert Transcript.model_fields.keys() - told == set()


def test_the_suites_are_counted_right():
    suites = load_suites()
    kinds, attributes = Counter(a.kind for a in suites.attacks), Counter(p.attribute for p in suites.pairs)
    assert f"| attacks | {len(suites.attacks)}: direct {kinds['direct']}, indirect {kinds['indirect']}," in PAGE
    assert f"several turns {kinds['multi_turn']}, tools as bait {kinds['tool_bait']}" in PAGE
    assert f"| pairs | {len(suites.pairs)}, each in both languages: age {attributes['age']}," in PAGE
    assert f"{len(list(questions(suites, Plan()))):,} transcripts each" in PAGE


def test_commands_and_exit_codes_exist():
    asked = re.findall(r"^cleanroom (governance transcripts \w+ [^#\[\n]*)", PAGE, re.MULTILINE)
    assert len(asked) == 5
    for line in asked:
        assert parser().parse_args(line.split()).call
    codes = {int(c) for c in re.findall(r"^\| (\d+) \| [a-z]", PAGE, re.MULTILINE)}
    known = (errors.GateClosed, errors.MalformedRows, errors.SettingsInvalid, errors.ModelFault)
    assert codes == {0, *(kind.exit_code for kind in known)}
