"""What each page of the admin asks. A model, an action or a page of its own that is missing here fails the test."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import models

from apps.communications.models import Publication, Update
from apps.integrations.models import Step
from apps.notifications.models import Delivery
from apps.teams.access import Holder, Permission, Right
from tests.access.asking import OF_INCIDENTS, Ask, Only, Things, holds
from tests.access.world import BELOW, OTHER, OTHERS_PRIVATE, OWN, PRIVATE

MANAGE, OVERSEE, ADMINISTRATE = Permission.MANAGE, Right.OVERSEE, Right.ADMINISTRATE
LOOKS = frozenset({MANAGE, OVERSEE})
Find = Callable[[Things], Any]


@dataclass(frozen=True)
class Kept:
    """A model's pages: who looks at its rows, who keeps them, what is never done, and which rows there are."""

    looks: tuple[Permission | Right, ...] = (OVERSEE,)
    keeps: Permission | Right | None = ADMINISTRATE
    adds: bool = True
    changes: bool = True
    deletes: bool = True
    actions: tuple[str, ...] = ()
    places: tuple[str, ...] = (OWN,)
    row: Find | None = None

    def may_look(self, holder: Holder, place: str | None = None) -> bool:
        """At the row of that place; None: at the list."""
        return any(self._holds(holder, right, place) for right in self.looks)

    def may_keep(self, holder: Holder, place: str | None = None) -> bool:
        return self.keeps is not None and self._holds(holder, self.keeps, place)

    def _holds(self, holder: Holder, right: Permission | Right, place: str | None) -> bool:
        if place in (PRIVATE, OTHERS_PRIVATE):
            return False  # neither managers nor auditors nor administrators see what is private
        return holds(holder, right, place or OWN)


def organisations(**options: Any) -> Kept:
    """What belongs to the organisation: administrators keep it, auditors look at it."""
    return Kept(**options)


def read_only(**options: Any) -> Kept:
    return Kept(keeps=None, adds=False, changes=False, deletes=False, **options)


def teams(kind: str, **options: Any) -> Kept:
    """What belongs to a team: its managers keep it."""
    found: Find = lambda things: getattr(things[kind], "pk", things[kind])  # noqa: E731
    return Kept(**{"looks": (MANAGE, OVERSEE), "keeps": MANAGE, "places": (OWN, OTHER, BELOW), "row": found, **options})


def of_incidents(find: Find) -> Kept:
    return read_only(places=OF_INCIDENTS, row=find)


def _told(model: type[models.Model], path: str) -> Find:
    return lambda things: (
        model._default_manager.filter(**{path: things["incident"]}).values_list("pk", flat=True).last()
    )


MODELS: dict[str, Kept] = {
    # Of the organisation
    "axes.accessattempt": organisations(adds=False, changes=False),
    "axes.accesslog": read_only(),
    "socialaccount.socialaccount": organisations(adds=False, changes=False),
    "axes.accessfailurelog": read_only(),
    "engine.timer": organisations(adds=False, changes=False, deletes=False, actions=("run_again",)),
    "engine.breaker": read_only(),
    "teams.user": organisations(deletes=False),
    "teams.team": organisations(deletes=False),
    "identity.providergroup": organisations(),
    "contacts.contactmethod": organisations(actions=("verify", "disable")),
    "contacts.webhookendpoint": organisations(deletes=False, actions=("retire",)),
    "contacts.emergencycontact": organisations(deletes=False, actions=("retire",)),
    "contacts.externalcontact": organisations(deletes=False, actions=("retire",)),
    "rosters.calendarfeed": organisations(adds=False, changes=False, deletes=False, actions=("revoke",)),
    "incidents.severity": organisations(deletes=False),
    "incidents.procedures": organisations(adds=False, deletes=False),
    "incidents.proceduresrevision": read_only(),
    "incidents.responserole": organisations(deletes=False),
    "incidents.expert": organisations(),
    "incidents.checklisttemplateitem": organisations(deletes=False),
    "notifications.directpage": read_only(),
    "reports.report": read_only(),
    "alerts.severityrule": organisations(),
    "alerts.alertsettings": organisations(adds=False, deletes=False),
    "escalation.trigger": organisations(),
    "communications.updateschedule": organisations(deletes=False),
    "communications.messagetemplate": organisations(),
    "communications.component": organisations(deletes=False),
    "communications.subscriber": organisations(adds=False, changes=False),
    "postmortems.reviewquestion": organisations(deletes=False),
    # Of teams
    "teams.apitoken": teams("robot_token", adds=False, changes=False, deletes=False, actions=("revoke",)),
    "catalog.service": teams("service", deletes=False),
    "catalog.maintenancewindow": teams("window", deletes=False, actions=("end_now",)),
    "catalog.healthcheck": teams("check", deletes=False, actions=("test_now",)),
    "catalog.healthresult": teams("result", adds=False, changes=False, deletes=False),
    "rosters.roster": teams("roster", actions=("retire", "copy", "export")),
    "rosters.override": teams("override", changes=False),
    "rosters.shadow": teams("shadow", changes=False),
    "rosters.swap": teams("swap", adds=False, changes=False, deletes=False, actions=("withdraw",)),
    "rosters.absence": teams("absence", changes=False, looks=(MANAGE,)),
    "integrations.connection": teams("connection", deletes=False, actions=("test_connections",)),
    "integrations.step": of_incidents(_told(Step, "incident")),
    "alerts.integration": teams("integration", deletes=False, actions=("rotate_key",)),
    "alerts.heartbeat": teams("heartbeat", deletes=False, actions=("rotate_key",)),
    "alerts.inboxentry": teams("inboxentry", adds=False, changes=False, deletes=False),
    "alerts.change": teams("change", adds=False, changes=False, deletes=False),
    "alerts.changerule": teams("changerule"),
    "alerts.alert": teams("alert", adds=False, changes=False, deletes=False, places=OF_INCIDENTS),
    "escalation.policy": teams("policy"),
    # Of incidents
    "incidents.incident": of_incidents(lambda things: things["incident"]),
    "notifications.delivery": of_incidents(_told(Delivery, "notification__incident")),
    "communications.update": of_incidents(_told(Update, "incident")),
    "communications.socialpost": read_only(places=(OWN, OTHER, BELOW), row=lambda things: things["post"]),
    "communications.publication": read_only(places=(OWN, OTHER, BELOW), row=_told(Publication, "incident")),
    "postmortems.postmortem": of_incidents(lambda things: things["postmortem"]),
    "postmortems.actionitem": of_incidents(lambda things: things["actionitem"]),
    "postmortems.improvement": of_incidents(lambda things: things["improvement"]),
}
#: The pages of a model that are not Django's own, by the name of their route: who is let in.
OTHERS: dict[str, dict[str, Ask]] = {
    "engine_overview": {"get": Ask(OVERSEE), "post": Ask(ADMINISTRATE, body={"deed": "nothing"})},
    "admin:search": {"get": Ask(Only.SIGNED_IN, query="s=zebr")},
    "admin:index": {"get": Ask(Only.SIGNED_IN)},
    "admin_door": {"get": Ask(Only.SIGNED_IN)},
    "admin:login": {"get": Ask(Only.SIGNED_IN)},
    "admin:logout": {"post": Ask(Only.LEAVES)},
    "admin:password_change": {"get": Ask(Only.SIGNED_IN), "post": Ask(Only.SIGNED_IN)},
    "admin:password_change_done": {"get": Ask(Only.SIGNED_IN)},
    "admin:autocomplete": {"get": Ask(Only.NOBODY)},  # no field of the admin completes by itself
    "admin:jsi18n": {"get": Ask(Only.SIGNED_IN)},
    "admin:auth_user_password_change": {
        "get": Ask(ADMINISTRATE, "person in the admin"),
        "post": Ask(ADMINISTRATE, "person in the admin"),
    },
    "admin:rosters_roster_preview_new": {"post": Ask(MANAGE)},
    "admin:rosters_roster_preview": {"post": Ask(MANAGE, "roster in the admin")},
    "admin:rosters_roster_change_from": {
        "get": Ask(MANAGE, "roster in the admin"),
        "post": Ask(MANAGE, "roster in the admin"),
    },
    "admin:rosters_roster_import_calendar": {
        "get": Ask(MANAGE, "roster in the admin"),
        "post": Ask(MANAGE, "roster in the admin"),
    },
    "admin:rosters_roster_tables": {"get": Ask(LOOKS)},
    "admin:rosters_roster_layers_csv": {"get": Ask(LOOKS)},
    "admin:rosters_roster_shifts_csv": {"get": Ask(LOOKS)},
    "admin:rosters_roster_import_layers": {"get": Ask(MANAGE), "post": Ask(MANAGE)},
    "admin:rosters_roster_import_overrides": {"get": Ask(MANAGE), "post": Ask(MANAGE)},
}
