"""The signed link by which whoever reported something sees what became of it, and nothing else; no sign-in."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.urls import reverse

from apps.reports.models import Report

SALT = "reports.state"


def token_of(report: Report) -> str:
    """What stands for the report; valid for as long as that is kept."""
    return signing.dumps(_named(report), salt=SALT, compress=True)


def url_of(report: Report) -> str:
    """The absolute address of what became of it."""
    return f"{settings.SITE_URL}{reverse('report_state', args=[token_of(report)])}"


def report_of(token: str) -> Report | None:
    """The report that the token stands for, if this house made it."""
    try:
        named = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    report = Report.objects.filter(pk=named[0]).first()
    return report if report is not None and _named(report) == named else None


def _named(report: Report) -> list[object]:
    """This report and no other, though its number may be given anew (a restored backup)."""
    return [report.pk, report.at.isoformat()]
