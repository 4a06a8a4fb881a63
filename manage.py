#!/usr/bin/env python
"""Django's command line. Commands that change the schema connect as the database's owner, all others as its user."""

from __future__ import annotations

import os
import sys

OWNER_COMMANDS = {"migrate", "demo", "flush", "sqlflush", "backup restore"}
USAGE_ERROR = 2
"""What argparse exits with when it does not understand; here every failure is 1."""


def main() -> None:
    """Run the command that ``sys.argv`` names; a failure says why on standard error and exits with 1."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ado_incidents.settings")
    if OWNER_COMMANDS & {" ".join(sys.argv[1:2]), " ".join(sys.argv[1:3])}:
        os.environ.setdefault("DATABASE_ROLE", "owner")
    try:
        from django.core.management import execute_from_command_line
        from django.db import OperationalError
    except ImportError:
        raise SystemExit("Django is not installed here. Use .venv/bin/python, which `make run` creates.") from None
    try:
        execute_from_command_line(sys.argv)
    except SystemExit as end:
        raise SystemExit(1 if end.code == USAGE_ERROR else end.code) from None
    except OperationalError as error:
        if "--traceback" in sys.argv or not _disconnected(error):
            raise
        raise SystemExit(_unreachable(error)) from None


def _disconnected(error: Exception) -> bool:
    """Whether there is no connection to a server: what a server says about a query comes with a code."""
    return getattr(error.__cause__, "sqlstate", None) is None


def _unreachable(error: Exception) -> str:
    """Which database was meant, without its password, and why there was no way to it."""
    from django.conf import settings

    database = settings.DATABASES["default"]
    address = f"{database['HOST']}:{database['PORT'] or 5432}/{database['NAME']}"
    why = str(error).partition("\n")[0].strip()
    return f"The database at {address} cannot be reached: {why}\nStart it with `make run`, or set DATABASE_URL."


if __name__ == "__main__":
    main()
