"""Publishing an incident on the status page, in two steps: what everybody would read is shown before they do (R25)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.communications import queries as communications
from apps.communications.models import (
    Audience,
    Component,
    ComponentStatus,
    Publication,
    PublicImpact,
    PublicStatus,
    SocialPost,
)
from apps.communications.status_page import actions, mailing, queries, social
from apps.core.errors import HouseError
from apps.core.texts import is_number
from apps.desk.forms.publishing import PublishForm, SocialPostForm, TakeOffForm
from apps.desk.pages import attempt, incident_or_404, say_failure, say_invalid, viewer
from apps.incidents.models import Incident, Via
from apps.teams import access


@login_required
def publish(request: HttpRequest, number: int) -> HttpResponse:
    """The form; with ``do=preview`` what everybody would read; with ``do=publish`` they do (POST)."""
    incident = _incident(request, number)
    publication = queries.publication_of(incident)
    components = list(queries.shown_components())
    if request.method != "POST":
        form = PublishForm(initial=_begun(request, incident, publication), components=components)
        return _page(request, incident, publication, form=form)
    form = PublishForm(request.POST, components=components)
    preview, status = None, 200
    if not form.is_valid():
        status = 422
    elif request.POST.get("do") == "publish":
        if attempt(request, lambda: _publish(request, incident, form), done="It is on the status page.", form=form):
            return redirect(incident)
        status = 409
        form.go_on_from(_last(incident))
    elif request.POST.get("do") == "preview":
        preview = _preview(request, incident, form, components, publication)
        if preview is None:
            status = 409
            form.go_on_from(_last(incident))
    return _page(request, incident, publication, form=form, preview=preview, status=status)


@login_required
@require_POST
def take_off(request: HttpRequest, number: int) -> HttpResponse:
    """Let nobody outside read of it any more, for good."""
    incident = _incident(request, number)
    form = TakeOffForm(request.POST)
    if not form.is_valid():
        say_invalid(request, form)
        return redirect("incident_publish", number=incident.pk)
    attempt(
        request,
        lambda: actions.take_off(incident.pk, reason=form.cleaned_data["reason"], by=viewer(request), via=Via.WEB),
        done="It is taken off the status page.",
    )
    return redirect(incident)


@login_required
@require_POST
def propose_post(request: HttpRequest, number: int) -> HttpResponse:
    """Propose a post for social media; nothing leaves the house."""
    incident = _incident(request, number)
    form = SocialPostForm(request.POST)
    if form.is_valid():
        attempt(
            request,
            lambda: social.propose(incident.pk, text=form.cleaned_data["text"], by=viewer(request), via=Via.WEB),
            done="It waits for somebody who commands the incident to approve it.",
        )
    else:
        say_invalid(request, form)
    return redirect("incident_publish", number=incident.pk)


@login_required
@require_POST
def decide_post(request: HttpRequest, number: int, post: int, decision: str) -> HttpResponse:
    """Approve a post, which sends it, or refuse it."""
    incident = _incident(request, number)
    found = get_object_or_404(SocialPost, pk=post, publication__incident=incident)
    decide = social.approve if decision == "approve" else social.refuse
    done = "It is being posted." if decision == "approve" else "It is not posted."
    attempt(request, lambda: decide(found.pk, by=viewer(request), via=Via.WEB), done=done)
    return redirect("incident_publish", number=incident.pk)


def _incident(request: HttpRequest, number: int) -> Incident:
    """Raises PermissionDenied for who does not speak to customers for it."""
    incident = incident_or_404(request, number)
    if not queries.may_publish(viewer(request), incident):
        raise PermissionDenied
    return incident


def _publish(request: HttpRequest, incident: Incident, form: PublishForm) -> None:
    actions.publish(incident.pk, form.notice, by=viewer(request), via=Via.WEB, update=form.cleaned_data["update"])


def _last(incident: Incident) -> int:
    last = queries.last_told(incident)
    return last.pk if last else 0


def _begun(request: HttpRequest, incident: Incident, publication: Publication | None) -> dict[str, Any]:
    """What the form begins with: how it was told last, and the words of the template or of the update that is meant."""
    meant = request.GET.get("update", "")
    written = queries.unpublished_updates(incident).filter(pk=meant).first() if is_number(meant) else None
    return {
        "name": publication.name if publication else "",
        "status": publication.status if publication else PublicStatus.INVESTIGATING,
        "impact": publication.impact if publication else PublicImpact.MINOR,
        "message": written.message if written else communications.prefilled(incident, Audience.EXTERNAL),
        "update": written.pk if written else None,
        "after": _last(incident),
        **PublishForm.affected(queries.affected_now(publication)),
    }


def _preview(
    request: HttpRequest,
    incident: Incident,
    form: PublishForm,
    components: list[Component],
    publication: Publication | None,
) -> dict[str, Any] | None:
    """What everybody would read; None where it could not be published."""
    try:
        notice = actions.rehearse(incident.pk, form.notice, by=viewer(request), update=form.cleaned_data["update"])
    except HouseError as failure:
        if not form.is_told(failure):
            say_failure(request, failure)
        return None
    told = {pk: ComponentStatus(status).label for pk, status in notice.components.items()}
    return {
        "notice": notice,
        "status": PublicStatus(notice.status).label,
        "impact": PublicImpact(notice.impact).label,
        "audience": mailing.audience({*told, *queries.affected_ever(publication)}).count(),
        "affected": [(each, told[each.pk]) for each in components if each.pk in told],
    }


def _page(
    request: HttpRequest,
    incident: Incident,
    publication: Publication | None,
    *,
    form: PublishForm,
    preview: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "incident": incident,
        "publication": publication,
        "form": form,
        "preview": preview,
        "take_off_form": TakeOffForm(auto_id="take_off_%s"),
        "post_form": SocialPostForm(auto_id="post_%s"),
        "posts": publication.posts.select_related("proposed_by", "decided_by") if publication else [],
        "may_approve": access.may(viewer(request), access.Permission.COMMAND, incident),
        "why_hidden": queries.why_hidden(incident),
    }
    return render(request, "incidents/publish.html", context, status=status)
