#!/usr/bin/env python
"""Django's command line. Commands that change the schema connect as the database's owner, all others as its user."""

from __future__ import annotations

import os
import sys

OWNER_COMMANDS = {"migrate", "demo", "flush", "sqlflush"}


def main() -> None:
    """Run the command that ``sys.argv`` names."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ado_incidents.settings")
    if OWNER_COMMANDS & set(sys.argv[1:2]):
        os.environ.setdefault("DATABASE_ROLE", "owner")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        raise SystemExit("Django is not installed here. Use .venv/bin/python, which `make run` creates.") from None
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
