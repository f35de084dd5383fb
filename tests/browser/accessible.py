"""What axe-core finds wrong on a page: the rules of WCAG 2.0 to 2.2, levels A and AA, and its best practices.

It runs in the page by way of the browser's own debugger, which the portal's Content-Security-Policy does not govern:
the page is looked at under the policy that people get. Folded parts are opened for the look and closed again.
"""

from dataclasses import dataclass, field

from axe_playwright_python.sync_playwright import Axe

OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},  # of WCAG 2.2, off by default
    "resultTypes": ["violations", "incomplete"],
}
# What axe could not decide counts as well, but for contrast where one thing lies over another, and for headers of a
# group of rows, which it does not resolve.
UNDECIDED = frozenset({"color-contrast", "th-has-data-cells"})
UNFOLD = """() => {
  const folded = [...document.querySelectorAll("main details:not([open])")];
  for (const e of folded) { e.open = true; e.dataset.folded = ""; }
}"""
FOLD = (
    '() => { for (const e of document.querySelectorAll("[data-folded]")) { e.open = false; delete e.dataset.folded; } }'
)
# Which markup this is: the address, the language, and every element with its classes, each once.
MARKUP = """() => JSON.stringify([location.pathname, document.documentElement.lang, innerWidth < 600,
  [...new Set([...document.body.querySelectorAll("*")].map(e => e.tagName + "." + e.getAttribute("class")))].sort()])"""


def faults(page) -> list[str]:
    """One line for each rule that is broken or undecided: rule, impact, and where."""
    page.evaluate(UNFOLD)
    found = _axe.run(page, options=OPTIONS).response
    page.evaluate(FOLD)
    assert found["passes"], "no rule was run"
    open_questions = [rule for rule in found["incomplete"] if rule["id"] not in UNDECIDED]
    return [_line(rule) for rule in [*found["violations"], *open_questions]]


_axe = Axe()


def _line(rule: dict) -> str:
    return f"{rule['id']} ({rule['impact']}): {'; '.join(str(node['target']) for node in rule['nodes'])}"


@dataclass
class Inspection:
    """Looks at the same markup once, whoever opens it."""

    seen: set[str] = field(default_factory=set)

    def look(self, page) -> None:
        markup = page.evaluate(MARKUP)
        if markup in self.seen:
            return
        self.seen.add(markup)
        found = faults(page)
        assert not found, "\n".join([page.url, *found])
