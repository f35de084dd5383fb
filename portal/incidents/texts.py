"""What may stand in the register: no customer's identifier, which this portal never holds."""

from django.utils.translation import gettext as _

from cleanroom.errors import RequestInvalid
from cleanroom.governance.generative.leaks import leaked


def check_no_identifier(text: str) -> None:
    """RequestInvalid where something stands in the text that has an identifier's form; it is not repeated."""
    if leaked(text):
        raise RequestInvalid(
            _(
                "Something in the text looks like a person's or account's identifier. Leave it out; the institution "
                "keeps it."
            )
        )
