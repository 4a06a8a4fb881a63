"""Answers that are files to take away. That somebody took one away is told to the audit stream."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import AbstractBaseUser
from django.db.models import Model
from django.http import HttpResponse

from apps.core.audited import Act, note


def file(
    content: bytes,
    name: str,
    content_type: str,
    *,
    by: AbstractBaseUser,
    teams: Iterable[int],
    about: Model | None = None,
) -> HttpResponse:
    """``content`` as a file of that ``name``, of data of ``teams`` (numbers), taken away ``by`` somebody.

    ``about`` is what all of it tells of: who may not see that does not see in the record that it was taken.
    """
    note(Act.EXPORTED, f"Took away {name}", by=by, about=about, teams=tuple(sorted(set(teams))), bytes=len(content))
    answer = HttpResponse(content, content_type=content_type)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def csv_file(text: str, name: str, *, by: AbstractBaseUser, teams: Iterable[int]) -> HttpResponse:
    """The table ``text`` as a CSV file of that ``name``, of data of ``teams`` (numbers), taken away ``by`` somebody."""
    note(Act.EXPORTED, f"Took away {name}", by=by, teams=tuple(sorted(set(teams))), lines=text.count("\n"))
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
