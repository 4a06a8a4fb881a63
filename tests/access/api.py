"""What each address of the API asks: route, method, right, object, and the scope that a token needs to write there."""

from __future__ import annotations

from typing import Any

from apps.incidents.models import Incident
from apps.teams import access as teams_access
from apps.teams.access import Permission
from apps.teams.models import Scope
from tests.access.asking import Ask, Body, Only, Right, Things

VIEW, RESPOND, COMMAND, MANAGE = Permission.VIEW, Permission.RESPOND, Permission.COMMAND, Permission.MANAGE
#: Whoever responds, and whoever manages.
EITHER = frozenset({RESPOND, MANAGE})
STRETCH = {"start": "2026-03-11T10:00:00Z", "end": "2026-03-11T12:00:00Z"}
MONTH = "from=2026-02-20&to=2026-03-20"

#: What everybody is to read.
PUBLISHED = {"name": "Slow", "status": "investigating", "impact": "minor", "message": "We look"}

PUBLIC = Ask(Only.ANYBODY)
SIGNED_IN = Ask(Only.SIGNED_IN)
OWN_TOKEN = Ask(Only.SIGNED_IN, "own token", in_person=True)
OWN_METHOD = Ask(Only.SIGNED_IN, "own method", scope=Scope.MANAGE)
SEEN = {"get": Ask(VIEW, "incident")}


def incident(right: Permission | Only, of: str = "incident", /, **body: Any) -> dict[str, Ask]:
    """What is posted below an incident."""
    return {"post": Ask(right, of, body)}


def managing(right: Permission | Right, of: str = "", /, body: Body | None = None, *, form: bool = False) -> Ask:
    """What takes a token that may manage."""
    return Ask(right, of, body or {}, scope=Scope.MANAGE, form=form)


def _merged(things: Things) -> dict[str, Any]:
    return {"into": Incident(pk=things["incident"] + 1_000).reference}


def _of_responder(**more: Any) -> Any:
    return lambda things: {"user": things["responder"].email, **more}


def _oneself(things: Things) -> dict[str, Any]:
    return {"user": things["oneself"].email, **STRETCH}


def _declared(things: Things) -> dict[str, Any]:
    return {"title": "Down", "severity": "P0", "team": things["team"].slug}


def _rostered(things: Things) -> dict[str, Any]:
    return {"roster": things["roster"].slug, **STRETCH}


def _reviewed(things: Things) -> dict[str, Any]:
    return {"incident": Incident(pk=things["resolved"]).reference}


def _served(things: Things) -> dict[str, Any]:
    return {"slug": "new", "name": "New", "team": things["team"].slug}


def _checked(things: Things) -> dict[str, Any]:
    return {"service": things["service"].slug, "name": "Page", "kind": "http", "target": "https://api.example.com"}


def _worked_on(things: Things) -> dict[str, Any]:
    return {"services": [things["service"].slug]}


API: dict[str, dict[str, Ask]] = {
    "api-schema": {"get": PUBLIC},
    "api-docs": {"get": PUBLIC},
    "": {"get": Ask(Only.UNKNOWN), "post": Ask(Only.UNKNOWN)},  # whatever else there is below /api/
    # What is one's own
    "api-me": {"get": SIGNED_IN},
    "api-own-rules": {"get": SIGNED_IN, "put": SIGNED_IN},
    "api-own-preferences": {"get": SIGNED_IN, "patch": SIGNED_IN},
    "api-own-method-list": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, scope=Scope.MANAGE)},
    "api-own-method-detail": {"delete": OWN_METHOD},
    "api-own-method-code": {"post": OWN_METHOD},
    "api-own-method-verify": {"post": OWN_METHOD},
    "api-own-page-list": {"get": SIGNED_IN},
    "api-own-page-acknowledge": {"post": SIGNED_IN},
    "api-own-page-acknowledge-one": {"post": Ask(Only.SIGNED_IN, "own page")},
    "api-own-page-decline": {"post": Ask(Only.SIGNED_IN, "own page")},
    "api-calendar-feed-list": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, body={"kind": "person"}, in_person=True)},
    "api-calendar-feed-detail": {"get": Ask(Only.SIGNED_IN, "own feed"), "delete": Ask(Only.SIGNED_IN, "own feed")},
    "api-token-list": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, body={"name": "ci"}, in_person=True)},
    "api-token-detail": {"get": OWN_TOKEN, "delete": OWN_TOKEN},
    "api-token-rotate": {"post": OWN_TOKEN},
    "api-page-list": {"get": SIGNED_IN, "post": Ask(RESPOND, body={"to": {"team": "nobody"}, "text": "?"})},
    "api-page-detail": {"get": Ask(Only.SIGNED_IN, "own direct page")},
    # Lists, each of what one may see
    "api-coverage": {"get": SIGNED_IN},
    "api-pay": {"get": Ask(MANAGE, query=MONTH)},
    "api-pay-csv": {"get": Ask(MANAGE, query=MONTH)},
    "api-incident-current": {"get": SIGNED_IN},
    "api-incident-list": {"get": SIGNED_IN, "post": Ask(RESPOND, body=_declared, names="team")},
    "api-oncall-list": {"get": SIGNED_IN},
    "api-contact-list": {"get": SIGNED_IN},
    "api-policy-list": {"get": SIGNED_IN},
    "api-policy-detail": {"get": Ask(VIEW, "policy")},
    "api-team-list": {"get": SIGNED_IN, "post": managing(Right.ADMINISTRATE, body={"slug": "new", "name": "New"})},
    "api-team-detail": {"get": Ask(VIEW, "team"), "patch": managing(MANAGE, "team", {"name": "Other"})},
    "api-service-list": {"get": SIGNED_IN, "post": Ask(MANAGE, body=_served, names="team", scope=Scope.MANAGE)},
    "api-service-detail": {"get": Ask(VIEW, "service"), "patch": managing(MANAGE, "service", {"name": "Other"})},
    "api-report-list": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, body={"title": "Nothing loads"})},
    "api-report-accept": {"post": Ask(RESPOND, "report", {"severity": "P1"})},
    "api-report-reject": {"post": Ask(RESPOND, "report", {"answer": "As it should be"})},
    "api-maintenance-list": {"get": SIGNED_IN, "post": Ask(EITHER, body=_worked_on, names="service")},
    "api-maintenance-detail": {"get": Ask(VIEW, "window"), "patch": Ask(EITHER, "window", {"message": "Later"})},
    "api-health-check-list": {
        "get": SIGNED_IN,
        "post": Ask(MANAGE, body=_checked, names="service", scope=Scope.MANAGE),
    },
    "api-health-check-detail": {"get": Ask(VIEW, "check"), "patch": managing(MANAGE, "check", {"name": "Other"})},
    "api-health-check-results": {"get": Ask(VIEW, "check")},
    "api-health-check-test": {"post": Ask(EITHER, "check", scope=Scope.MANAGE)},
    "api-maintenance-end": {"post": Ask(EITHER, "window")},
    # Incidents
    "api-incident-detail": {"get": Ask(VIEW, "incident"), "patch": Ask(RESPOND, "incident", {"title": "Better"})},
    "api-incident-access": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(COMMAND, "incident", _of_responder(reason="She knows the case")),
    },
    "api-incident-take-access-back": {"delete": Ask(COMMAND, "grant")},
    "api-incident-acknowledge": incident(RESPOND),
    "api-incident-alerts": SEEN,
    "api-incident-answer-responder": incident(RESPOND, "request", answer="withdraw"),
    "api-incident-changes": SEEN,
    "api-incident-cancel": incident(RESPOND),
    "api-incident-checklist": incident(RESPOND, "checklist", done=True),
    "api-incident-close": incident(RESPOND),
    "api-incident-confirm-closure": incident(RESPOND),
    "api-incident-decline": incident(Only.NOBODY),
    "api-incident-escalate": incident(RESPOND, level=2, reason="Now"),
    "api-incident-escalation": SEEN,
    "api-incident-impact": {"get": Ask(VIEW, "incident"), "patch": Ask(RESPOND, "incident", {"users_affected": 7})},
    "api-incident-merge": {"post": Ask(Only.SIGNED_IN, "incident", _merged)},
    "api-incident-notes": incident(RESPOND, text="A note"),
    "api-incident-notifications": SEEN,
    "api-incident-reassign": {
        "post": Ask(
            RESPOND, "incident", lambda things: {"users": [things["responder"].email], "reason": "She knows it"}
        )
    },
    "api-incident-reopen": incident(RESPOND, reason="Again"),
    "api-incident-resolution": {
        "get": Ask(VIEW, "incident"),
        "patch": Ask(RESPOND, "incident", {"reference": "fix/1"}),
    },
    "api-incident-resolve": incident(RESPOND),
    "api-incident-runbooks": SEEN,
    "api-incident-start-runbook": {"post": Ask(RESPOND, "runbook")},
    "api-incident-health-check": {"get": Ask(VIEW, "incident"), "post": Ask(RESPOND, "incident")},
    "api-incident-retry-step": {"post": Ask(RESPOND, "step")},
    "api-incident-status-page": {"get": Ask(VIEW, "incident"), "post": Ask(COMMAND, "incident", PUBLISHED)},
    "api-incident-social-posts": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(COMMAND, "incident", {"text": "We look into it"}),
    },
    "api-incident-decide-post": {"post": Ask(COMMAND, "social post")},
    "api-incident-take-off": incident(COMMAND, reason="The wrong one"),
    "api-incident-steps": SEEN,
    "api-incident-responders": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(RESPOND, "incident", lambda things: {"users": [things["responder"].email]}),
    },
    "api-incident-roles": {"post": Ask(RESPOND, "incident", _of_responder(role="technical_lead"))},
    "api-incident-severity": incident(RESPOND, severity="P1", reason="Less"),
    "api-incident-snooze": incident(RESPOND, minutes=30),
    "api-incident-timeline": SEEN,
    "api-incident-report": SEEN,
    "api-incident-transition": incident(RESPOND, status="investigating"),
    "api-incident-updates": incident(RESPOND, audience="internal", message="We are on it"),
    "api-incident-watch": incident(VIEW, watch=True),
    "api-incident-watchers": SEEN,
    # Rosters
    "api-roster-list": {"get": SIGNED_IN, "post": Ask(MANAGE, body=_served, names="team", scope=Scope.MANAGE)},
    "api-roster-detail": {"get": Ask(VIEW, "roster"), "patch": managing(MANAGE, "roster", {"name": "Other"})},
    "api-roster-calendar": {"get": Ask(VIEW, "roster")},
    "api-roster-change-from": {"post": managing(MANAGE, "roster")},
    "api-roster-copy": {"post": managing(MANAGE, "roster")},
    "api-roster-import-calendar": {"post": managing(MANAGE, "roster")},
    "api-roster-preview-import": {"post": managing(MANAGE, "roster", form=True)},
    "api-roster-layer-calendar": {
        "get": Ask(VIEW, "layer"),
        "put": managing(MANAGE, "layer"),
        "delete": managing(MANAGE, "layer"),
    },
    "api-roster-upload-calendar": {"post": managing(MANAGE, "layer", form=True)},
    "api-roster-preview-calendar": {"post": managing(MANAGE, "layer", form=True)},
    "api-roster-notes": {"get": Ask(VIEW, "roster"), "post": Ask(RESPOND, "roster", {"text": "All quiet"})},
    "api-roster-overrides": {"get": Ask(VIEW, "roster"), "post": Ask(EITHER, "roster", _oneself)},
    "api-roster-preview": {"post": managing(MANAGE, "roster")},
    "api-roster-remove-override": {"delete": Ask(MANAGE, "override")},
    "api-roster-retire": {"post": managing(MANAGE, "roster")},
    "api-roster-shifts": {"get": Ask(VIEW, "roster")},
    "api-layer-table-list": {"get": SIGNED_IN, "post": managing(MANAGE)},
    "api-layer-table-preview": {"post": managing(MANAGE, form=True)},
    "api-override-table-list": {"post": managing(MANAGE)},
    "api-override-table-preview": {"post": managing(MANAGE, form=True)},
    "api-shift-table-list": {"get": Ask(Only.SIGNED_IN, query=MONTH)},
    "api-swap-list": {
        "get": SIGNED_IN,
        "post": Ask(Only.SIGNED_IN, body=_rostered, names="roster"),
    },
    "api-swap-detail": {"get": Ask(VIEW, "swap")},
    "api-swap-accept": {"post": Ask(Only.NOBODY, "swap")},
    "api-swap-refuse": {"post": Ask(Only.NOBODY, "swap")},
    "api-swap-withdraw": {"post": Ask(MANAGE, "swap")},
    "api-absence-list": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, body=STRETCH)},
    "api-absence-detail": {"delete": Ask(MANAGE, "absence")},
    "api-shadow-list": {
        "get": SIGNED_IN,
        "post": Ask(EITHER, body=_rostered, names="roster"),
    },
    "api-shadow-detail": {"get": Ask(VIEW, "shadow"), "delete": Ask(MANAGE, "shadow")},
    # Reviews
    "api-postmortem-list": {
        "get": SIGNED_IN,
        "post": Ask(RESPOND, body=_reviewed, names="resolved"),
    },
    "api-postmortem-detail": {"get": Ask(VIEW, "resolved"), "patch": Ask(RESPOND, "resolved", {"summary": "Told"})},
    "api-postmortem-finish": {"post": Ask(RESPOND, "resolved")},
    "api-action-item-list": {
        "get": SIGNED_IN,
        "post": Ask(
            RESPOND,
            body=lambda things: {
                **_reviewed(things),
                "kind": "technical",
                "action": "Do it",
                "owner": things["responder"].email,
                "due_date": "2026-03-30",
            },
            names="resolved",
        ),
    },
    "api-action-item-detail": {
        "get": Ask(VIEW, "actionitem"),
        "patch": Ask(RESPOND, "actionitem", {"priority": "high"}),
    },
    "api-improvement-list": {
        "get": SIGNED_IN,
        "post": Ask(
            RESPOND,
            body=lambda things: {
                **_reviewed(things),
                "kind": "training",
                "title": "Disks",
                "url": "https://docs.example.com/disks",
            },
            names="resolved",
        ),
    },
    "api-improvement-detail": {"delete": Ask(RESPOND, "improvement")},
    "api-action-item-retry-ticket": {"post": Ask(RESPOND, "actionitem")},
    # The record
    "api-audit-list": {"get": Ask(teams_access.Right.AUDIT)},
}
