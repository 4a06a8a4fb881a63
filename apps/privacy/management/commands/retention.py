"""``manage.py retention``: what is kept how long, and what the next sweep takes away (docs/privacy.md)."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from apps.core import retention
from apps.core.spans import in_words
from apps.engine.handlers import BUDGET


class Command(BaseCommand):
    help = "Take away at once what was kept long enough, as the engine does once a day."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="count only")
        parser.add_argument("--json", action="store_true", help="print data instead of text")

    def handle(self, *args: Any, **options: Any) -> None:
        told = [self._one(kept, dry=options["dry_run"]) for kept in retention.kinds()]
        if options["json"]:
            self.stdout.write(json.dumps(told, indent=2))
            return
        for each in told:
            self.stdout.write(f"{each['rows']:>9,}  {each['kept']:<12} {each['kind']}: {each['what']}")

    def _one(self, kept: retention.Kept, *, dry: bool) -> dict[str, Any]:
        until = time.monotonic() + BUDGET.total_seconds()
        rows = retention.count(kept) if dry else retention.sweep(kept, until=until)
        span = kept.span()
        return {"kind": kept.kind, "what": kept.what, "kept": in_words(span) if span else "for ever", "rows": rows}
