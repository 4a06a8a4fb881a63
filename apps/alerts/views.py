"""The page of integrations: who sends alerts to one's teams, and what of it could not be understood."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from apps.alerts import queries


@require_safe
@login_required
def integrations(request: HttpRequest) -> HttpResponse:
    """The integrations of the viewer's teams."""
    return render(request, "alerts/integrations.html", {"reports": queries.reports_for(request.user)})
