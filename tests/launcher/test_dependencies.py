"""An audit says what it found, and never that all is well where it could not look."""

from __future__ import annotations

import json

from launcher.dependencies import judge


def report(*dependencies: dict[str, object]) -> str:
    return json.dumps({"dependencies": dependencies, "fixes": []})


GOOD = {"name": "good", "version": "1", "vulns": []}
HOLED = {"name": "holed", "version": "2", "vulns": [{"id": "CVE-1", "fix_versions": ["3"], "aliases": []}]}
UNKNOWN = {"name": "unknown", "skip_reason": "Dependency not found"}


def test_a_known_hole_fails_and_is_named_with_what_mends_it() -> None:
    found = judge(report(GOOD, HOLED), "")
    assert found.failed
    assert found.text.splitlines() == [
        "holed 2: CVE-1, mended in 3",
        "2 of 2 dependencies were audited; 1 known holes.",
    ]


def test_what_could_not_be_looked_up_is_said_and_no_failure() -> None:
    found = judge(report(GOOD, UNKNOWN), "")
    assert not found.failed
    assert "1 of 2 dependencies were audited; 0 known holes." in found.text
    assert "unknown" in found.text.splitlines()[-1]


def test_without_the_network_it_says_that_nothing_was_audited() -> None:
    found = judge("", "Traceback\nrequests.exceptions.ConnectionError: refused\n")
    assert not found.failed
    assert found.text.startswith("Not audited")
    assert "ConnectionError" in found.text
