"""What a browser says for a device that holds a passkey: read without trust, for anybody may send it."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.forms.fields import InvalidJSONInput

from apps.core.json_fields import JsonField

#: No device says more (characters): attestations come with a few certificates.
LONGEST = 32_768
#: What the libraries that read it raise where it is not what they expect.
MALFORMED = (AttributeError, LookupError, RuntimeError, TypeError, ValueError, struct.error)
NO_PASSKEY = "That is no passkey."


@contextmanager
def read_without_trust() -> Iterator[None]:
    """Read within what was said. Raises ValidationError for what cannot be read."""
    try:
        yield
    except MALFORMED as error:
        raise ValidationError(NO_PASSKEY) from error


class PasskeyField(JsonField):
    """The JSON of a ``PublicKeyCredential``: an object. It counts once, and is never shown again."""

    widget = forms.HiddenInput
    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": NO_PASSKEY}

    def to_python(self, value: Any) -> Any:
        """What was said, as a dictionary; None for nothing. Raises ValidationError for what is no such object."""
        found = super().to_python(value) if len(value or "") <= LONGEST else NO_PASSKEY
        if found is not None and not isinstance(found, dict):
            raise ValidationError(NO_PASSKEY)
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Nothing, whatever was said."""
        return InvalidJSONInput("")
