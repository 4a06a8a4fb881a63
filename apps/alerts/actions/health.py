"""Takes in what health checks find as if a sender had posted it, for those that are to be alerts (R16)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.alerts.actions.integrations import give_key
from apps.alerts.actions.receiving import receive
from apps.alerts.classification import alert_settings
from apps.alerts.formats import IncomingAlert
from apps.alerts.models import AlertStatus, Format, Integration
from apps.catalog.models import HealthCheck, HealthState
from apps.core import clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.teams.models import Team

#: The kind of the timer that tells of a check which failed too often, or works again.
HEALTH = "alerts.health"
#: As which sender a team's checks appear; nobody knows its key. Switched off, it takes nothing of them.
SENDER = "Health checks"
#: What still fails fires again so often: an incident that somebody resolved is not over by that.
FIRES_AGAIN = timedelta(hours=1)
#: Where an alert says how bad it is, as any sender's does.
SEVERITY_LABEL = "severity"


def tell_of_health_later(check: HealthCheck, *, after: timedelta = timedelta(0)) -> None:
    """Let the engine tell of the check, in the caller's transaction."""
    due_at = clock.now() + after if after else None
    engine.schedule(HEALTH, due_at=due_at, key=f"{HEALTH}:{check.pk}", payload={"check": check.pk})


@transaction.atomic
def tell_of_health(check_id: int) -> None:
    """Raise the alert of a check that failed so often in a row, or end it where it does not any more.

    Raises what taking the alert in raises.
    """
    check = HealthCheck.objects.select_for_update(no_key=True, of=("self",)).select_related("service__team").get(
        pk=check_id
    )  # fmt: skip
    state, sender = check.seen, _sender_of(check.service.team)
    if state is None or not sender.is_active:
        return
    for fault in receive(sender, [_alert_of(check, state)], received_at=clock.now()).values():
        raise fault
    if state.alerting:
        tell_of_health_later(check, after=FIRES_AGAIN)


def _alert_of(check: HealthCheck, state: HealthState) -> IncomingAlert:
    labels = {alert_settings().service_label: check.service.slug}
    return IncomingAlert(
        fingerprint=f"health-{check.pk}",
        status=AlertStatus.FIRING if state.alerting else AlertStatus.RESOLVED,
        title=f"{check} does not work",
        description=f"{state.words} {state.failures} looks in a row failed, one every {in_words(check.every)}.",
        labels=labels | ({SEVERITY_LABEL: check.severity} if check.severity else {}),
        service=check.service.slug,
    )


def _sender_of(team: Team) -> Integration:
    """The sender that stands for the team's checks; it is made when the first of them has something to tell."""
    known = Integration.objects.select_related("team", "service__team").filter(team=team, name=SENDER).first()
    if known is not None:
        return known
    made = Integration(team=team, name=SENDER, format=Format.GENERIC)
    give_key(made)
    made.save()
    return made
