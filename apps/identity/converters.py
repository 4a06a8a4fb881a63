"""How the link to another password appears in addresses: what it cannot be is not looked for."""

from __future__ import annotations

from django.urls.converters import StringConverter


class Base36Converter(StringConverter):
    """The number of a person, to the base of 36; no number of the database is longer."""

    regex = "[0-9A-Za-z]{1,13}"


class ResetKeyConverter(StringConverter):
    """What allauth makes to prove the link, or the words that stand for it once it is in the session."""

    regex = "[0-9A-Za-z-]{1,80}"
