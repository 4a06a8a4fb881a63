"""What looks at pages finds what is wrong with them, and where: else the tests that lean on it prove nothing."""

from __future__ import annotations

import pytest

from tests.browser.accessibility import WCAG, violations

pytestmark = pytest.mark.browser

PAGE = '<html lang="en"><title>T</title><p id="good">Said in words</p><p id="bad"><img src="data:,"></p></html>'


def test_a_picture_without_words_is_found_in_the_part_that_is_looked_at(browser):
    page = browser.new_page()
    page.set_content(PAGE)
    (found,) = violations(page, WCAG)
    assert (found["id"], [node["target"] for node in found["nodes"]]) == ("image-alt", [["img"]])
    assert [each["id"] for each in violations(page, part="#bad")] == ["image-alt"]
    assert violations(page, part="#good") == []
    page.close()
