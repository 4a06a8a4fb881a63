"""Jira's errors: an HTTP status, and a JSON object with messages and, for fields, what is wrong with each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from aiohttp import web

GONE = "Issue does not exist or you do not have permission to see it."


class Refused(Exception):
    """A request that Jira would refuse."""

    def __init__(self, *messages: str, status: int = 400, errors: Mapping[str, str] | None = None) -> None:
        super().__init__(*messages)
        self.messages: Sequence[str] = messages
        self.status = status
        self.errors = errors or {}

    def as_response(self) -> web.Response:
        """The answer as Jira gives it."""
        problem = {"errorMessages": list(self.messages), "errors": dict(self.errors)}
        return web.json_response(problem, status=self.status)


def gone() -> Refused:
    """What Jira says of an issue that there is not."""
    return Refused(GONE, status=404)
