"""``manage.py incident_report INC-1 --format md|html|pdf|json``: everything that the record tells of it (R35)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.core.audited import Act, note
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.insights import report
from apps.insights.documents import Form, render


class Command(BaseCommand):
    help = "Write the report of an incident: facts, clocks, people, impact, causes, action items, messages, timeline."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("incident", metavar="INC-1")
        parser.add_argument("--format", choices=list(Form), default=Form.MARKDOWN, dest="form")
        parser.add_argument("--out", type=Path, metavar="FILE", help="by default standard output; PDF: INC-1.pdf, here")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            incident = incidents.by_reference(options["incident"])
        except Incident.DoesNotExist as error:
            raise CommandError(f"There is no incident {options['incident']}.") from error
        form = Form(options["form"])
        content = render(report.of(incident), form)
        out: Path | None = options["out"]
        if out is None and form is Form.PDF and sys.stdout.isatty():
            out = Path(f"{incident.reference}.pdf")
        note(Act.EXPORTED, f"Wrote the report of {incident}, by manage.py", by=None, about=incident)
        if out is None:
            self._print(content, form)
            return
        try:
            out.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{out} cannot be written: {error.strerror}") from error
        self.stderr.write(f"Written: {out}")

    def _print(self, content: bytes, form: Form) -> None:
        if form is not Form.PDF:
            self.stdout.write(content.decode(), ending="")
            return
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
