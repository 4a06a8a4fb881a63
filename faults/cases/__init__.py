"""What is broken, one subject a module; importing them registers the cases in the order of the table."""

from __future__ import annotations

from faults.table import Case


def all_of_them() -> dict[str, Case]:
    """Every case by its name."""
    from faults.cases import processes, servers, disks, mails, texts, answers, timers, planted  # noqa: F401, I001  (in this order)
    from faults.table import cases

    return cases()
