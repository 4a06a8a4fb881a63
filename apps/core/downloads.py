"""Answers that are files to take away."""

from __future__ import annotations

from django.http import HttpResponse


def csv_file(text: str, name: str) -> HttpResponse:
    """The table ``text`` as a CSV file of that ``name``."""
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
