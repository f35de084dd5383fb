"""What people call kinds, grades and states of incidents, and what each means for who reports one."""

from django.utils.translation import gettext_lazy as _

KIND_NAMES = {
    "operation": _("Operation"),
    "privacy": _("Privacy"),
    "complaint": _("Complaint"),
}

KIND_HELP = {
    "operation": _("The model, the line or the sending did something that nobody expected."),
    "privacy": _("Personal data were seen, kept or sent where they must not be. Participants are told."),
    "complaint": _("A customer objects to what was done because of a warning. It never suspends a release."),
}

GRADE_NAMES = {
    1: _("Grade 1, the worst"),
    2: _("Grade 2"),
    3: _("Grade 3"),
}

GRADE_HELP = {
    1: _("People are or may be harmed now, or much went wrong. A release that it names is suspended at once."),
    2: _("Something went wrong for a few, or a safeguard failed without harm."),
    3: _("A disturbance without consequence that somebody should know of."),
}

STATE_NAMES = {
    "reported": _("Waits to be taken on"),
    "acknowledged": _("Being dealt with"),
    "closed": _("Closed"),
}

STATE_TONES = {"reported": "bad", "acknowledged": "warn", "closed": "good"}
GRADE_TONES = {1: "bad", 2: "warn", 3: "idle"}
