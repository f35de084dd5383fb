"""HTML to PDF by the same style sheet. Nothing is fetched: what the page does not hold itself is refused."""

import logging

from cleanroom.errors import ReportFault


def pdf_of(html: str, *, identifier: str) -> bytes:
    """The page as PDF; charts stand in it as SVG or `data:` addresses. The same page gives the same bytes.

    Raises ReportFault where the machine cannot draw it, ValueError where the page points elsewhere.
    """
    try:
        from weasyprint import HTML
        from weasyprint.urls import FatalURLFetchingError, URLFetcher
    except OSError:  # Pango is a library of the system
        raise ReportFault(
            "no PDF can be drawn: Pango is missing; Debian: apt-get install libpangoft2-1.0-0",
            zh="無法產製 PDF：缺少 Pango；Debian：apt-get install libpangoft2-1.0-0",
        ) from None
    logging.getLogger("fontTools").setLevel(logging.ERROR)  # it tells of every table that it leaves out
    logging.getLogger("weasyprint").setLevel(
        logging.ERROR
    )  # it warns of rules for screens and of what it draws all the same
    nothing_else = URLFetcher(allowed_protocols=("data",), allow_redirects=False, fail_on_errors=True)
    try:
        document = HTML(string=html, url_fetcher=nothing_else).render()
    except FatalURLFetchingError:
        raise ValueError("a report loads nothing from elsewhere") from None
    found = document.write_pdf(pdf_identifier=identifier.encode())
    if any(font.missing for font in document.fonts.values()):
        raise ReportFault(
            "no PDF can be drawn: no font here has every sign; Debian: apt-get install fonts-noto-cjk",
            zh="無法產製 PDF：字型缺字；Debian：apt-get install fonts-noto-cjk",
        )
    return found
