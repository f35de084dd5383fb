"""HTML to PDF by the same style sheet. Nothing is fetched: what the page does not hold itself is refused."""

import logging

from cleanroom.errors import ReportFault


def pdf_of(html: str, *, identifier: str) -> bytes:
    """The page as PDF. The same page gives the same bytes. Raises ReportFault where the machine cannot draw it."""
    try:
        from weasyprint import HTML
    except OSError:  # Pango is a library of the system
        raise ReportFault("no PDF can be drawn: Pango is missing; Debian: apt-get install libpangoft2-1.0-0") from None
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table that it leaves out
    document = HTML(string=html, url_fetcher=_refuse).render()
    found = document.write_pdf(pdf_identifier=identifier.encode())
    if any(font.missing for font in document.fonts.values()):
        raise ReportFault("no PDF can be drawn: no font here has every sign; Debian: apt-get install fonts-noto-cjk")
    return found


def _refuse(url: str, *_args: object, **_options: object) -> dict:
    raise ValueError(f"a report loads nothing from elsewhere: {url[:40]}")
