"""The one error of the launcher: a sentence for the person who typed ``make run``."""

from __future__ import annotations


class LaunchError(Exception):
    """Why nothing (more) can be started, and what to do about it; shown without a traceback, exit code 1."""
