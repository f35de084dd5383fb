"""The description of the calls is generated, and is the one that is shipped."""

import json

from cleanroom.lookout.service import openapi
from cleanroom.lookout.service.calls import CALLS


def test_the_shipped_description_is_what_the_code_says():
    assert openapi.FILE.read_text(encoding="utf-8") == openapi.as_text(), (
        "run `python -m cleanroom.lookout.service.openapi`"
    )


def test_every_call_is_described_with_its_refusals():
    paths = openapi.document()["paths"]
    assert len(CALLS) == 5
    assert {call.path for call in CALLS} < set(paths)
    for path, methods in paths.items():
        for method, operation in methods.items():
            assert operation["summary"], (path, method)
            if "security" in operation:
                assert {"400", "401", "403", "503"} < set(operation["responses"])


def test_every_reference_leads_somewhere():
    text = openapi.as_text()
    names = set(json.loads(text)["components"]["schemas"])
    referred = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert len(referred) > 10
    assert referred <= names


def test_no_account_stands_in_an_address():
    parameters = [
        p["name"] for m in openapi.document()["paths"].values() for o in m.values() for p in o.get("parameters", ())
    ]
    assert parameters == ["receipt"]
