"""Where a chain is edited, begun and removed, with its picture as it would be before anything is saved."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from apps.core.editing import ChangedMeanwhile
from apps.core.errors import HouseError, Invalid
from apps.desk import chain_editor, chain_picture, queries
from apps.desk.chain_editor import Editor
from apps.desk.forms.policies import BeginForm, Whom
from apps.desk.pages import attempt, say_done, say_failure, viewer
from apps.desk.views.policies import asked
from apps.escalation import actions, choices, drafts, outlook, versions
from apps.escalation import queries as escalation
from apps.escalation.drafts import Draft
from apps.escalation.models import Policy

#: The button that stores; all others, and what is sent without any while one types, only change what the form shows.
SAVE = "save"


@login_required
def edit(request: HttpRequest, pk: int) -> HttpResponse:
    """The form of a stored chain; POST changes the form, draws it, or saves it (``do``)."""
    version = versions.of(pk)  # before the chain is read: what is changed in between is noticed at the saving
    policy = _kept_or_403(request, pk)
    return _editing(request, drafts.of(policy), version=version)


@login_required
def new(request: HttpRequest) -> HttpResponse:
    """For which incidents a new chain is; once that is said, its form as ``edit`` has it."""
    person = viewer(request)
    if not choices.teams(person).exists():
        raise PermissionDenied
    form = BeginForm(request.GET if "severity" in request.GET else None, by=person)
    if not form.is_valid():
        return render(request, "policies/new.html", {"form": form}, status=422 if form.is_bound else 200)
    policy = form.policy()
    there = Policy.objects.filter(severity=policy.severity, team=policy.team, service=policy.service).first()
    if there is not None and request.method != "POST":
        messages.info(request, "There is a chain for it already: change it here.")
        return redirect("policy_edit", there.pk)
    return _editing(request, drafts.beginning(policy, copied=form.cleaned_data["copied"]), version="")


@login_required
@require_POST
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a chain: the next wider one covers its incidents from then on."""
    policy = _kept_or_403(request, pk)
    done = f"The chain of {policy} is removed. Incidents that climb it keep it."
    removed = attempt(request, lambda: actions.delete_policy(pk, by=viewer(request)), done=done)
    return redirect("policies") if removed else redirect("policy", pk)


def _editing(request: HttpRequest, draft: Draft, *, version: str) -> HttpResponse:
    policy, person = draft.policy, viewer(request)
    stored = {} if policy._state.adding else {rung.level.number: rung.level.pk for rung in draft.rungs}
    button = SAVE if "over" in request.POST else request.POST.get("do", "")
    saves = button == SAVE and not request.htmx  # type: ignore[attr-defined]  # its middleware's
    fields = request.POST.copy() if request.method == "POST" else chain_editor.fields_of(draft)
    chain_editor.press(fields, button)
    editor = Editor(fields, whom=Whom(person, kept=drafts.kept(policy)), check=saves)
    draft = editor.draft(policy, stored=stored)
    based_on = fields.get("over") or fields.get("version") or version
    changed: ChangedMeanwhile | None = None
    if saves and editor.is_valid():
        try:
            saved = actions.save_policy(draft, by=person, based_on=based_on)
        except ChangedMeanwhile as refused:
            changed = refused
        except HouseError as refused:
            say_failure(request, refused)
        else:
            return _saved(request, saved)
    teams = [] if policy.owner else queries.visible_teams(person)
    context = {
        "policy": policy,
        "editor": editor,
        "version": based_on,
        "changed": changed,
        "teams": teams,
        "picture": chain_picture.drawn(draft, team=policy.owner or asked(fields.get("team", ""), teams)),
        "problem": _problem(draft),
        "left_out": len(editor.levels) - len(draft.rungs),
    }
    part = {"preview": "policies/_preview.html", "editor": "policies/_editor.html"}.get(_asked_for(request))
    return render(request, part or "policies/edit.html", context, status=422 if saves else 200)


def _saved(request: HttpRequest, policy: Policy) -> HttpResponse:
    say_done(request, "The chain is saved. Incidents that run keep the one they began with.")
    stored = escalation.policies().get(pk=policy.pk)
    for gap in outlook.gaps(drafts.of(stored), teams=escalation.teams_of(stored)):
        messages.warning(request, gap)
    return redirect(policy)


def _problem(draft: Draft) -> str:
    """Why the chain could not be saved as it is; empty: it could."""
    try:
        drafts.check(draft)
    except Invalid as refused:
        return str(refused)
    return ""


def _asked_for(request: HttpRequest) -> str:
    """Which part of the page htmx asks for; empty: the whole."""
    return request.htmx.target or "" if request.htmx else ""  # type: ignore[attr-defined]  # its middleware's


def _kept_or_403(request: HttpRequest, pk: int) -> Policy:
    """The policy, for whoever keeps it. Http404 for what they may not see, PermissionDenied for what they only see."""
    policy = escalation.visible_policies(viewer(request)).filter(pk=pk).first()
    if policy is None:
        raise Http404(f"No policy {pk}.")
    if not choices.keeps(viewer(request), policy):
        raise PermissionDenied
    return policy
