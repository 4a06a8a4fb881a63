"""Whose attempts django-axes counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest


def account_of(request: HttpRequest, credentials: Mapping[str, Any] | None = None) -> str:
    """The address of the account that somebody wants to sign in to, in lower case; empty for none."""
    named = credentials or {}
    given = named.get("username") or named.get("email") or request.POST.get("login") or ""
    return str(given).strip().lower()
