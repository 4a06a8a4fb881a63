"""How the API reads JSON: bounded in size and depth, and only what PostgreSQL can keep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any

from rest_framework.exceptions import APIException, ParseError
from rest_framework.parsers import JSONParser

LARGEST_BODY = 1024 * 1024


class TooLarge(APIException):
    """The body is over LARGEST_BODY bytes (413)."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_detail = f"The body is over {LARGEST_BODY // 1024} KiB."


class StrictJSONParser(JSONParser):
    """JSON without what cannot be stored as text: NUL and half a surrogate pair are 400, like what is no JSON."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLarge
        try:
            data = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        for text in _texts(data):
            _refuse_what_cannot_be_stored(text)
        return data


def _texts(data: Any) -> Iterator[str]:
    waiting = [data]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict):
            waiting += [*value.keys(), *value.values()]
        elif isinstance(value, list):
            waiting += value


def _refuse_what_cannot_be_stored(text: str) -> None:
    if "\x00" in text:
        raise ParseError("Text must not contain the NUL character.")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ParseError("Text must not contain half of a surrogate pair.") from error
