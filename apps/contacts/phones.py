"""Which written phone numbers a telephone network can reach. Numbers are kept as written, whatever the answer."""

from __future__ import annotations

import phonenumbers
from phonenumbers import NumberParseException, ValidationResult


def is_dialable(written: str) -> bool:
    """Whether ``written`` is a whole international number, such as +1-877-448-4820; never true for letters.

    "+1-555-ONCALL" and "+1-555-0101" (no area code) are not: they are shown and marked, never chosen for SMS or voice.
    """
    return bool(e164(written))


def e164(written: str) -> str:
    """The number as telephone networks write it (ITU-T E.164), such as +18774484820; empty if it cannot be dialled."""
    if any(character.isalpha() for character in written):
        return ""
    try:
        number = phonenumbers.parse(written, None)
    except NumberParseException:
        return ""
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return ""
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
