"""Takes in what health checks find as if a sender had posted it, for those that are to be alerts (R16)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from apps.alerts.actions.integrations import give_key
from apps.alerts.actions.receiving import receive
from apps.alerts.classification import alert_settings
from apps.alerts.formats import IncomingAlert
from apps.alerts.models import Alert, AlertStatus, Format, Integration
from apps.catalog.models import HealthCheck, HealthState
from apps.core import clock
from apps.core.spans import in_words
from apps.engine import actions as engine
from apps.teams.models import Team

#: The kind of the timer that tells of a check which failed too often, or works again.
HEALTH = "alerts.health"
#: How the sender of a team's checks is called at first; nobody knows its key.
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

    What was raised by another team's sender, while the check was of a service of theirs, is ended by that one. A sender
    that is switched off takes nothing. Raises what taking the alert in raises.
    """
    check = HealthCheck.objects.select_for_update(no_key=True, of=("self",)).select_related("service__team").get(
        pk=check_id
    )  # fmt: skip
    state = check.seen
    if state is None:
        return
    sender = _sender_of(check.service.team) if state.alerting else None
    for other in _raised_by(check):
        if other != sender:
            _take(other, IncomingAlert(fingerprint=_fingerprint(check), status=AlertStatus.RESOLVED, title=""))
    if sender is not None and sender.is_active:
        _take(sender, _firing(check, state))
        tell_of_health_later(check, after=FIRES_AGAIN)


def _take(sender: Integration, alert: IncomingAlert) -> None:
    if not sender.is_active:
        return
    for fault in receive(sender, [alert], received_at=clock.now()).values():
        raise fault


def _raised_by(check: HealthCheck) -> list[Integration]:
    """The senders by which the check's alert fires now."""
    firing = Alert.objects.filter(fingerprint=_fingerprint(check), is_current=True, status=AlertStatus.FIRING)
    senders = Integration.objects.filter(tells_of_health=True, pk__in=firing.values("integration"))
    return list(senders.select_related("team", "service__team").order_by("pk"))


def _fingerprint(check: HealthCheck) -> str:
    return f"health-{check.pk}"


def _firing(check: HealthCheck, state: HealthState) -> IncomingAlert:
    labels = {alert_settings().service_label: check.service.slug}
    return IncomingAlert(
        fingerprint=_fingerprint(check),
        status=AlertStatus.FIRING,
        title=f"{check} does not work",
        description=f"{state.words} {state.failures} looks in a row failed, one every {in_words(check.every)}.",
        labels=labels | ({SEVERITY_LABEL: check.severity} if check.severity else {}),
        service=check.service.slug,
    )


def _sender_of(team: Team) -> Integration:
    """The sender that stands for the team's checks; it is made when the first of them has something to tell."""
    made = Integration(name=_free_name(team), format=Format.GENERIC)
    give_key(made)
    values = {"name": made.name, "format": made.format, "key_digest": made.key_digest, "key_hint": made.key_hint}
    senders = Integration.objects.select_related("team", "service__team")
    return senders.get_or_create(team=team, tells_of_health=True, defaults=values)[0]


def _free_name(team: Team) -> str:
    """SENDER, or one like it where the team calls a sender of its own so."""
    taken = set(Integration.objects.filter(team=team, name__startswith=SENDER).values_list("name", flat=True))
    names = (SENDER, *(f"{SENDER} {number}" for number in range(2, len(taken) + 2)))
    return next(name for name in names if name not in taken)
