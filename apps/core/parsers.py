"""How the API reads what is sent: bounded in size and depth, and of JSON only what PostgreSQL can keep."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from io import BytesIO
from typing import IO, Any

from django.core.exceptions import SuspiciousOperation
from rest_framework.exceptions import APIException, ParseError, ValidationError
from rest_framework.parsers import DataAndFiles, JSONParser, MultiPartParser

from apps.core.storable import texts_in, why_unstorable

LARGEST_BODY = 1024 * 1024
#: What is larger is not even looked at. How large a file may be for what it is for is told beside its field.
LARGEST_FORM = 32 * 1024 * 1024


class TooLarge(APIException):
    """The body is over so many bytes (413)."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE

    def __init__(self, largest: int) -> None:
        super().__init__(f"The body is over {largest // 1024} KiB.")


class StrictJSONParser(JSONParser):
    """JSON without what cannot be stored as text: NUL and half a surrogate pair are 400, like what is no JSON."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(LARGEST_BODY + 1)
        if len(body) > LARGEST_BODY:
            raise TooLarge(LARGEST_BODY)
        try:
            data = super().parse(BytesIO(body), media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deeply.") from error
        _refuse_what_cannot_be_stored(data)
        return data


class FormWithFileParser(MultiPartParser):
    """A form with a file in it, LARGEST_FORM at most; one that is none is 400."""

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> DataAndFiles[Any, Any]:
        length = (parser_context or {})["request"].META.get("CONTENT_LENGTH") or "0"
        if length.isdecimal() and int(length) > LARGEST_FORM:
            raise TooLarge(LARGEST_FORM)
        try:
            return super().parse(stream, media_type, parser_context)
        except SuspiciousOperation as error:
            raise ParseError("The form has too many fields, or one of them is too long.") from error


def _refuse_what_cannot_be_stored(data: Any) -> None:
    """Raise ValidationError, by the field in which it is; ParseError where that is the name of one, or none."""
    fields = data if isinstance(data, dict) else {}
    for text in fields or texts_in(data):
        if why := why_unstorable(text):
            raise ParseError(why)
    for name, value in fields.items():
        if why := next(filter(None, map(why_unstorable, texts_in(value))), ""):
            raise ValidationError({name: [why]})
