"""The report of an incident, to take away (R35)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from apps.core import downloads
from apps.core.errors import Busy, Invalid
from apps.desk.pages import incident_or_404, say_failure, viewer
from apps.insights import report
from apps.insights.documents import CONTENT_TYPES, form_of, render


@require_safe
@login_required
def incident_report(request: HttpRequest, number: int, form: str) -> HttpResponse:
    """Everything the record tells of the incident as a file; to whoever may see it, and that it was taken is noted."""
    found = incident_or_404(request, number)
    try:
        wanted = form_of(form)
    except Invalid as error:
        raise Http404(str(error)) from error
    name = f"{found.reference}.{wanted}"
    try:
        content = render(report.of(found), wanted)
    except Busy as failure:
        say_failure(request, failure)
        return redirect(found)
    return downloads.file(content, name, CONTENT_TYPES[wanted], by=viewer(request), teams=[found.team_id], about=found)
