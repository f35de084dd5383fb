"""A form that was refused comes back on its page as it was written, with the sentence that refuses it.

The tag `posting` writes every form of the portal. It names in a hidden field where the form stands; a refusal shows
that page again, and the tag fills its form in. Passwords, files and confirmations are given anew.
"""

import copy
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict
from django.utils.http import url_has_allowed_host_and_scheme

PLACE = "_stands_on"  # the page's address, and after # the form's own name where it has one
# What people compose. It is shown to be copied where the page does not offer the form any more.
COMPOSED = ("reason", "compensating_control", "comment", "settled", "summary", "text", "purposes", "evidence")


@dataclass
class RefusedForm:
    """`action`: the path that it was sent to; `field`: the one that is at fault, where it is known."""

    action: str
    written: QueryDict
    sentence: str
    status: int
    field: str | None = None
    shown: bool = False

    @property
    def name(self) -> str:
        return urlsplit(self.written.get(PLACE, "")).fragment

    @property
    def composed(self) -> list[str]:
        return [text for name in COMPOSED for text in self.written.getlist(name) if text.strip()]

    def is_of(self, action: str, name: str) -> bool:
        return (urlsplit(action).path, name) == (self.action, self.name)


def page_of(request: HttpRequest, refused: RefusedForm) -> HttpRequest | None:
    """The request for the page that the form stood on, by the same person; None where the form names none of ours."""
    place = refused.written.get(PLACE, "")
    if not place.startswith("/") or not url_has_allowed_host_and_scheme(place, allowed_hosts=None):
        return None
    parts, again = urlsplit(place), copy.copy(request)
    again.method, again.path, again.path_info = "GET", parts.path, parts.path
    again.META = {**request.META, "REQUEST_METHOD": "GET", "PATH_INFO": parts.path, "QUERY_STRING": parts.query}
    again.GET, again.POST, again._files = QueryDict(parts.query), QueryDict(), MultiValueDict()
    again.refused = refused
    return again
