"""What axe finds of a page that not everybody could use."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa")
EVERYTHING = (*WCAG, "best-practice")
#: Once what moves for a moment has moved: a colour on its way to another is neither.
AT_REST = """() => Promise.allSettled(
    document.getAnimations().filter((each) => each.effect.getComputedTiming().endTime < Infinity)
        .map((each) => each.finished)
).then(() => null)"""


def violations(page: Page, rules: Sequence[str] = EVERYTHING, *, part: str = "") -> list[dict[str, Any]]:
    """What is against the ``rules`` (by name or tag) in the part of the page (a selector), without one in all of it.

    Only of these are the elements told: to tell all that are as they should be takes as long as the search.
    """
    page.evaluate(AT_REST)
    options = {"runOnly": list(rules), "resultTypes": ["violations"]}
    found = Axe().run(page, context={"include": [[part]]} if part else None, options=options)
    return list(found.response["violations"])
