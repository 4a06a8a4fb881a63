"""How many doors were tried, told at the end of the run: a hook for the process to which its workers report."""

from __future__ import annotations

from typing import Any


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say how many combinations of door, person and place were tried."""
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, [])]
    tried = [number for each in reports for name, number in each.user_properties if name == "doors"]
    if tried:
        terminalreporter.write_line(f"Doors: {sum(tried):,} combinations of door, person and place were tried.")
    fuzzed = [number for each in reports for name, number in each.user_properties if name == "fuzzed"]
    if fuzzed:
        most, sent = max(operations for operations, _ in fuzzed), sum(times for _, times in fuzzed)
        terminalreporter.write_line(f"OpenAPI: {most} operations as {len(fuzzed)} callers, {sent:,} requests.")
