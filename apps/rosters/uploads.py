"""Files that somebody sends to be taken into rosters: no larger than what is read, and read from their start."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile

from apps.core.errors import Invalid
from apps.rosters import tables
from apps.rosters.calendars import reading


def calendar_of(chosen: UploadedFile[bytes]) -> bytes:
    """The bytes of a calendar. Raises Invalid, naming ``file``, for one that is too large."""
    return _bytes_of(chosen, largest=reading.LARGEST, in_words=reading.LARGEST_IN_WORDS)


def table_of(chosen: UploadedFile[bytes]) -> bytes:
    """The bytes of a table. Raises Invalid, naming ``file``, for one that is too large."""
    return _bytes_of(chosen, largest=tables.LARGEST, in_words=tables.LARGEST_IN_WORDS)


def _bytes_of(chosen: UploadedFile[bytes], *, largest: int, in_words: str) -> bytes:
    if chosen.size is None or chosen.size > largest:
        raise Invalid(f"It is larger than {in_words}.", field="file")
    chosen.seek(0)
    return bytes(chosen.read())
