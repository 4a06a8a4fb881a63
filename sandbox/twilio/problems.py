"""Twilio's errors: an HTTP status and a JSON object with the code that its documentation explains."""

from __future__ import annotations

from aiohttp import web

MORE = "https://www.twilio.com/docs/errors/{}"


class Refused(Exception):
    """A request that Twilio would refuse with ``code``."""

    def __init__(self, code: int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status

    def as_response(self) -> web.Response:
        """The answer as Twilio gives it."""
        problem = {
            "code": self.code,
            "message": self.message,
            "more_info": MORE.format(self.code),
            "status": self.status,
        }
        return web.json_response(problem, status=self.status)


def not_found(path: str) -> Refused:
    """What Twilio says of a resource that does not exist."""
    return Refused(20404, f"The requested resource {path} was not found", status=404)
