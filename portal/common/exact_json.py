"""JSON as the messages define it: the framework's own encoder cuts times to milliseconds, and a cut time no longer
matches the digest or signature that was made over the whole one."""

from typing import Any

from django.http import HttpRequest
from ninja.renderers import BaseRenderer
from pydantic_core import to_json


class ExactJson(BaseRenderer):
    """Renders answers with the library that the messages are written in."""

    media_type = "application/json"

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        return to_json(data)
