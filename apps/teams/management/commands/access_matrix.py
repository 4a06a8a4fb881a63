"""``manage.py access_matrix``: the page about who may do what, as ``docs/access.md`` keeps it."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.teams.access.page import page


class Command(BaseCommand):
    help = "Print who may do what, in Markdown: manage.py access_matrix > docs/access.md"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(page(), ending="")
