"""The description of the service's calls (OpenAPI 3.1), generated from their types: `python -m
cleanroom.lookout.service.openapi` writes it beside this file; a test holds the file against the code."""

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from cleanroom.lookout.service.answers import Health
from cleanroom.lookout.service.calls import CALLS, Call
from cleanroom.lookout.service.problems import Problem
from cleanroom.lookout.service.questions import TransfersQuestion
from cleanroom.lookout.service.spool import Receipt
from cleanroom.vocabulary.terms import LookoutRole

FILE = Path(__file__).with_name("openapi.json")
_REFERENCE = "#/components/schemas/{name}"
_JSON, _PROBLEM = "application/json", "application/problem+json"
_REFUSALS = {
    "400": "the question does not have its form, or its rule can't be meant",
    "401": "no token that the service knows",
    "403": "the token's role may not do this",
    "404": "no such account or receipt",
    "408": "the body did not come in time",
    "413": "the body is too large",
    "503": "too much is asked at once, or the service is not ready; see Retry-After",
}


@cache
def document() -> dict[str, Any]:
    """The whole description, as plain JSON values."""
    paths: dict[str, Any] = {}
    for call in CALLS:
        paths[call.path] = {call.method.lower(): _operation(call)}
    paths |= _transfers() | _about_the_service()
    return {
        "openapi": "3.1.0",
        "info": {"title": "Lookout", "version": "1", "description": "The money's way, one account at a time."},
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def as_text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def _operation(call: Call) -> dict[str, Any]:
    operation = _said(call.name, _first_line(call.answer), {"200": _body(call.answers, "the answer")})
    if call.question is not None:
        operation["requestBody"] = {"required": True, "content": _content(call.question)}
    return operation | _needs(LookoutRole.READER)


def _transfers() -> dict[str, Any]:
    file = {"schema": {"type": "string", "format": "binary"}}
    kinds = (
        "application/vnd.apache.arrow.stream",
        "application/vnd.apache.arrow.file",
        "application/vnd.apache.parquet",
    )
    taken = _said("transfers", "Hand in a batch of transfers.", {"202": _body(Receipt, "safe on disk")})
    taken["requestBody"] = {"required": True, "content": _content(TransfersQuestion) | dict.fromkeys(kinds, file)}
    receipt = _said("receipt", "Where a batch stands.", {"200": _body(Receipt, "where it stands")})
    receipt["parameters"] = [{"name": "receipt", "in": "path", "required": True, "schema": {"type": "string"}}]
    return {
        "/transfers": {"post": taken | _needs(LookoutRole.FEEDER)},
        "/transfers/receipts/{receipt}": {"get": receipt | _needs(LookoutRole.FEEDER)},
    }


def _about_the_service() -> dict[str, Any]:
    health = {"200": _body(Health, "ready"), "503": _body(Health, "not ready")}
    text = {"200": {"description": "Prometheus' text form", "content": {"text/plain": {"schema": {"type": "string"}}}}}
    this = {"200": {"description": "this", "content": {_JSON: {"schema": {"type": "object"}}}}}
    return {
        "/health": {"get": {"operationId": "health", "summary": "Live, ready, how fresh.", "responses": health}},
        "/metrics": {"get": {"operationId": "metrics", "summary": "Over all processes.", "responses": text}},
        "/openapi.json": {"get": {"operationId": "openapi", "summary": "This description.", "responses": this}},
    }


def _said(name: str, summary: str, answers: dict[str, Any]) -> dict[str, Any]:
    problem = {_PROBLEM: {"schema": {"$ref": _REFERENCE.format(name="Problem")}}}
    refusals = {status: {"description": text, "content": problem} for status, text in _REFUSALS.items()}
    return {"operationId": name, "summary": summary, "responses": answers | refusals}


def _needs(role: LookoutRole) -> dict[str, Any]:
    return {"security": [{"token": []}], "x-role": role}


def _body(kind: type, description: str) -> dict[str, Any]:
    return {"description": description, "content": _content(kind)}


def _content(kind: type) -> dict[str, Any]:
    return {_JSON: {"schema": {"$ref": _REFERENCE.format(name=kind.__name__)}}}


def _schemas() -> dict[str, Any]:
    questions = [call.question for call in CALLS if call.question is not None]
    kinds = [*questions, *(call.answers for call in CALLS), TransfersQuestion, Receipt, Health, Problem]
    return msgspec.json.schema_components(kinds, ref_template=_REFERENCE)[1]


def _first_line(function: object) -> str:
    return (inspect.getdoc(function) or "").splitlines()[0]


if __name__ == "__main__":
    FILE.write_text(as_text(), encoding="utf-8")
