"""Every page that anyone of a portal can reach by links, saved as files:

    CLEANROOM_HOME=HOME python -m tests.factories.crawling OUT

Run in a process of its own: the portal's settings are read once. Prints how many pages each person saw.
"""

import os
import re
import sys
from pathlib import Path

LINK = re.compile(rb'href="(/[^"#]*)"')
LEFT_OUT = ("/static/", "/accounts/logout", "/i18n/", "/api/")
PAGES_PER_PERSON = 60  # of tables with many rows, a part of the pages that show one row each


def main(out: Path) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.config.settings")
    import django

    django.setup()
    from django.contrib.auth import get_user_model

    for person in get_user_model().objects.filter(is_active=True).order_by("username"):
        print(person.username, crawl(person, out / person.username))


def crawl(person, out: Path) -> int:
    from django.test import Client

    browser, waiting, seen = Client(), ["/"], {"/"}
    browser.force_login(person)
    out.mkdir(parents=True)
    pages = 0
    while waiting and pages < PAGES_PER_PERSON:
        answer = browser.get(waiting.pop(0), follow=True)
        body = answer.getvalue()
        (out / f"{pages:04d}.html").write_bytes(body)
        pages += answer.status_code == 200
        fresh = {link.decode().replace("&amp;", "&") for link in LINK.findall(body)} - seen
        waiting += sorted(link for link in fresh if not link.startswith(LEFT_OUT))
        seen |= fresh
    return pages


if __name__ == "__main__":
    main(Path(sys.argv[1]))
