"""Takes alerts in: each belongs to one incident, found by its fingerprint, declared, attached to, or reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import structlog
from django.db import OperationalError, transaction

from apps.alerts import rules
from apps.alerts.classification import Classification, Classifier
from apps.alerts.formats import IncomingAlert
from apps.alerts.models import Alert, AlertStatus, Integration
from apps.alerts.rules import Episode, Meaning
from apps.core import clock as house_clock
from apps.incidents import actions as incidents
from apps.incidents import queries, timeline
from apps.incidents.models import OPEN, Detection, EventKind, Incident, Status, Via

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One alert of a body, with what it was taken for."""

    integration: Integration
    alert: IncomingAlert
    verdict: Classification
    received_at: datetime

    @property
    def ended_at(self) -> datetime:
        """When the sender says it ended, else when we heard of it."""
        return self.alert.ends_at or self.received_at


@transaction.atomic
def receive(
    integration: Integration, alerts: Sequence[IncomingAlert], *, received_at: datetime
) -> dict[int, Exception]:
    """Take in alerts that ``integration`` posted (R3; contract, "Ingest"); those that met a fault of ours, by place.

    A fingerprint that fires for the first time declares an incident. Firing again it attaches to that incident while
    it is open, reopens it soon after it was resolved, and later makes a new one that follows it. When the last alert
    of an incident ends, the incident is resolved as far as its gates allow. Repetitions are counted, not recorded.

    One caller at a time: two that bring the same fingerprint are not kept apart here (``inbox`` does). Raises the
    database's own errors: it is away, or wants all of it tried again.
    """
    _lock_incidents(integration, alerts)
    classifier = Classifier(integration)
    faults: dict[int, Exception] = {}
    for place, alert in enumerate(alerts):
        try:
            with transaction.atomic():
                verdict = classifier.classify(alert)
                delivery = Delivery(integration=integration, alert=alert, verdict=verdict, received_at=received_at)
                _take_in(_known(integration, alert), delivery)
        except OperationalError:
            raise
        except Exception as fault:  # noqa: BLE001  whatever is wrong with one alert, the next may be the one that pages
            log.warning("alert_not_taken_in", integration=integration.pk, error=repr(fault))
            faults[place] = fault
    return faults


def _known(integration: Integration, alert: IncomingAlert) -> Alert | None:
    current = Alert.objects.filter(integration=integration, fingerprint=alert.fingerprint, is_current=True)
    return current.select_related("integration", "incident__severity", "incident__team").first()


def _lock_incidents(integration: Integration, alerts: Sequence[IncomingAlert]) -> None:
    """Lock every incident that the alerts may change, in the house's order, so that no two such calls deadlock."""
    touched = Alert.objects.filter(
        integration=integration, fingerprint__in=[alert.fingerprint for alert in alerts], is_current=True
    )
    incident_ids = touched.values("incident")
    list(Incident.objects.select_for_update(no_key=True).filter(pk__in=incident_ids).order_by("pk").values("pk"))


def _take_in(known: Alert | None, delivery: Delivery) -> None:
    if delivery.alert.acknowledged:
        if known is not None and known.status == AlertStatus.FIRING and known.acknowledged_at is None:
            _acknowledge(known, delivery)
        return
    if known is None:
        if delivery.alert.status is AlertStatus.FIRING:
            _fire(_new_alert(delivery), delivery, incident=_declare(delivery), is_news=True)
        else:
            _note_unknown_end(delivery)
        return
    match rules.meaning(_episode(known), _delivered_episode(delivery)):
        case Meaning.SAYS_NOTHING_NEW:
            _count(known, delivery)
        case Meaning.ENDS:
            _end(known, delivery)
        case Meaning.STILL_FIRES:
            _still_fires(known, delivery)
        case Meaning.FIRES:
            _fires_anew(known, delivery)


def _note_unknown_end(delivery: Delivery) -> None:
    """The end of what we never heard of: kept without an incident, for its firing may have been overtaken."""
    alert = _new_alert(delivery)
    alert.status = AlertStatus.RESOLVED
    alert.starts_at, alert.ends_at = delivery.alert.starts_at or delivery.ended_at, delivery.ended_at
    _take_over(alert, delivery)


def _still_fires(alert: Alert, delivery: Delivery) -> None:
    """Count a repetition; but an incident that was resolved while its alert fires is not over."""
    incident = _incident_of(alert)
    if incident.status in (Status.RESOLVED, Status.CLOSED):
        again = _take_up_again(incident, delivery, text=f"{delivery.alert.title} still fires.")
        _fire(_row_for(again, alert, delivery), delivery, incident=again, is_news=True)
    else:
        # What a person cancelled stays cancelled until the alert has ended and comes back.
        _fire(alert, delivery, incident=incident, is_news=alert.severity != delivery.verdict.severity)


def _fires_anew(alert: Alert, delivery: Delivery) -> None:
    incident = alert.incident
    if incident is None:
        is_over = rules.ended_already(_episode(alert), _delivered_episode(delivery))
        _fire(alert, delivery, incident=_declare(delivery), is_news=True)
        if is_over:
            _end(alert, delivery)
    elif incident.status in (Status.MONITORING, Status.RESOLVED, Status.CLOSED):
        again = _take_up_again(incident, delivery, text=f"{delivery.alert.title} fires again.")
        _fire(_row_for(again, alert, delivery), delivery, incident=again, is_news=True)
    elif incident.is_open:
        _fire(alert, delivery, incident=incident, is_news=True)
    else:  # cancelled: what it was then says nothing about what it is now
        again = _declare(delivery, follows=incident)
        _fire(_row_for(again, alert, delivery), delivery, incident=again, is_news=True)


def _take_up_again(incident: Incident, delivery: Delivery, *, text: str) -> Incident:
    """The incident if it can go on, else one that follows it and is what the alert says now."""
    if incident.status == Status.MONITORING or queries.may_be_reopened(incident, at=house_clock.now()):
        return incidents.reopen_by_alert(incident.pk, text=text)
    follower = incident.followed_by.filter(status__in=OPEN).first()
    return follower or _declare(delivery, follows=incident)


def _fire(alert: Alert, delivery: Delivery, *, incident: Incident, is_news: bool) -> None:
    went_on = alert.starts_at if alert.status == AlertStatus.FIRING else None
    alert.starts_at = delivery.alert.starts_at or went_on or delivery.received_at
    if alert.status != AlertStatus.FIRING:
        alert.acknowledged_at = None
    alert.status, alert.ends_at = AlertStatus.FIRING, None
    alert.incident = incident
    _take_over(alert, delivery)
    if is_news:
        remarks = "".join(f" {remark}" for remark in delivery.verdict.remarks)
        text = f"{alert.title}: firing as {alert.severity.code}, says {alert.integration}.{remarks}"
        timeline.record(incident, EventKind.ALERT_FIRING, text=text, via=Via.ALERT, data=_facts(alert))
        worse = f"{alert.title} fires as {alert.severity.code} now."
        incidents.raise_severity_by_alert(incident.pk, severity=alert.severity, text=worse)


def _end(alert: Alert, delivery: Delivery) -> None:
    alert.status, alert.ends_at = AlertStatus.RESOLVED, delivery.ended_at
    _take_over(alert, delivery)
    incident = _incident_of(alert)
    text = f"{alert.title}: resolved, says {alert.integration}."
    timeline.record(incident, EventKind.ALERT_RESOLVED, text=text, via=Via.ALERT, data=_facts(alert))
    if not incident.alerts.filter(is_current=True, status=AlertStatus.FIRING).exists():
        incidents.resolve_by_alert(incident.pk, text="All its alerts are resolved.")


def _acknowledge(alert: Alert, delivery: Delivery) -> None:
    """Tell the incident, once for each time that the alert fires; what is not known here was acknowledged too early."""
    alert.acknowledged_at = delivery.received_at
    _count(alert, delivery)
    whom = f" by {delivery.alert.description}" if delivery.alert.description else ""
    text = f"{alert.title}: acknowledged{whom}, says {alert.integration}."
    incidents.acknowledge_by_alert(_incident_of(alert).pk, text=text, counts=alert.integration.acknowledges)


def _count(alert: Alert, delivery: Delivery) -> None:
    alert.deliveries += 1
    alert.last_received_at = delivery.received_at
    alert.save()


def _take_over(alert: Alert, delivery: Delivery) -> None:
    """Write what the sender says now; where that is no more than the end, what it said before stays."""
    said, verdict = delivery.alert, delivery.verdict
    if said.title or not alert.title:
        _describe(alert, said, verdict)
    _count(alert, delivery)


def _describe(alert: Alert, said: IncomingAlert, verdict: Classification) -> None:
    alert.title = said.title or said.fingerprint
    alert.labels, alert.annotations = dict(said.labels), dict(said.annotations)
    alert.links = [asdict(link) for link in said.links]
    alert.severity, alert.service, alert.team = verdict.severity, verdict.service, verdict.team


def _new_alert(delivery: Delivery) -> Alert:
    """A row for the delivery's fingerprint, not saved yet; ``_take_over`` fills it."""
    return Alert(
        integration=delivery.integration,
        fingerprint=delivery.alert.fingerprint,
        first_received_at=delivery.received_at,
        deliveries=0,
    )


def _row_for(incident: Incident, alert: Alert, delivery: Delivery) -> Alert:
    """The row that belongs to ``incident``: ``alert``, or a successor, and ``alert`` stays with its old incident."""
    if alert.incident_id == incident.pk:
        return alert
    alert.is_current = False
    alert.save(update_fields=["is_current"])
    return _new_alert(delivery)


def _declare(delivery: Delivery, *, follows: Incident | None = None) -> Incident:
    """Declare what the alert says; as private as what it follows."""
    verdict = delivery.verdict
    return incidents.declare(
        title=delivery.alert.title,
        summary=delivery.alert.description,
        severity=verdict.severity,
        team=verdict.team,
        services=[verdict.service] if verdict.service else [],
        detection=Detection.MONITORING,
        by=None,
        via=Via.ALERT,
        private=follows is not None and follows.private,
        follows=follows,
    )


def _incident_of(alert: Alert) -> Incident:
    if alert.incident is None:
        raise ValueError(f"{alert} fires without an incident, which its constraint forbids.")
    return alert.incident


def _episode(alert: Alert) -> Episode:
    return Episode(AlertStatus(alert.status), alert.starts_at, alert.ends_at)


def _delivered_episode(delivery: Delivery) -> Episode:
    return Episode(delivery.alert.status, delivery.alert.starts_at, delivery.alert.ends_at)


def _facts(alert: Alert) -> dict[str, object]:
    return {
        "alert": alert.pk,
        "fingerprint": alert.fingerprint,
        "integration": alert.integration.name,
        "severity": alert.severity.code,
        "service": alert.service.slug if alert.service else None,
    }
