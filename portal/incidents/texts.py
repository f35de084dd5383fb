"""What may stand in the register: no customer's identifier, which this portal never holds."""

from cleanroom.errors import RequestInvalid
from cleanroom.governance.generative.leaks import leaked
from portal.common.said import said


def check_no_identifier(text: str) -> None:
    """RequestInvalid where something stands in the text that has an identifier's form; it is not repeated."""
    if leaked(text):
        raise RequestInvalid(
            **said(
                "Something in the text looks like a person's or account's identifier. Leave it out; the institution "
                "keeps it."
            )
        )
