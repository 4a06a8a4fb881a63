"""Contacts outside the house."""

from __future__ import annotations

from apps.contacts import actions
from apps.contacts.actions import Point
from apps.contacts.models import PointKind


def make_external_contacts() -> None:
    """GitHub's and AWS' support."""
    for name in ("GitHub", "AWS"):
        url = f"https://support.{name.lower()}.example"
        actions.upsert_external_contact(
            key=f"{name.lower()}_support", name=f"{name} Support", points=[Point("support_url", PointKind.URL, url)]
        )
