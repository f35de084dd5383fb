"""Pictures of what a browser test saw, for people to look at. Nothing else depends on them: what a test demands it asks
the page, so a run that wants no pictures takes none."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Pictures:
    """Whole pages as PNG files in `folder`; None takes none."""

    folder: Path | None

    def take(self, page, name: str) -> None:
        if self.folder is None:
            return
        path = self.folder / f"{name}.png"
        page.screenshot(path=path, full_page=True)
        assert path.stat().st_size > 5000, "an empty picture"
