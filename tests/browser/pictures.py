"""Pictures of pages, for whoever wants to look at them: ``SCREENSHOTS=1 pytest tests/browser --basetemp=FOLDER``."""

from __future__ import annotations

import os
from pathlib import Path

from playwright.sync_api import Page


def keep_picture(page: Page, path: Path) -> None:
    """Take a picture of the whole page if somebody asked for pictures: no test looks at them, and each takes time."""
    if os.environ.get("SCREENSHOTS"):
        page.screenshot(path=path, full_page=True)
