"""A published `blocked` as files: the figures, the table, and per language the chart and the page as HTML and PDF."""

import json
from pathlib import Path

from cleanroom.contracts.messages import ResultPublication
from cleanroom.contracts.whole_files import write_whole
from cleanroom.governance.reports.words import LANGUAGES, TAGS, Words
from cleanroom.results.blocked import PACKAGE, page, pdf
from cleanroom.results.chart import curve_svg
from cleanroom.results.table import as_csv


def write(result: ResultPublication, folder: Path) -> list[Path]:
    """Each file appears whole; the same result gives the same bytes. Raises ReportFault where no PDF can be drawn,
    and then writes nothing."""
    made = contents(result)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in made.items():
        write_whole(folder / name, lambda file, content=content: file.write(content))
    return [folder / name for name in made]


def contents(result: ResultPublication) -> dict[str, bytes]:
    """File name -> bytes."""
    body = result.body
    made = {
        "blocked.json": json.dumps(result.model_dump(mode="json"), ensure_ascii=False, indent=1).encode(),
        "blocked.csv": as_csv(body).encode(),
    }
    known = {"computed_at": result.computed_at, "run_id": result.run_id}
    for language in LANGUAGES:
        html = page(body, language, **known)
        made[f"curve.{TAGS[language]}.svg"] = curve_svg(body["curve"], Words(language, PACKAGE)).encode()
        made[f"blocked.{TAGS[language]}.html"] = html.encode()
        made[f"blocked.{TAGS[language]}.pdf"] = pdf(html, **known)
    return made
