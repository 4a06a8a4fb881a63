"""What senders post, one file a sender; each reads a body into ``IncomingAlert`` and ``IncomingChange`` values."""

from apps.alerts.formats import alertmanager, changes, generic, github, grafana, opsgenie, pagerduty
from apps.alerts.formats.base import IncomingAlert, IncomingChange, Link, Reading, SenderFormat, Unreadable
from apps.alerts.models import Format

FORMATS: dict[Format, SenderFormat] = {
    Format.ALERTMANAGER: alertmanager.Alertmanager(),
    Format.CHANGES: changes.Changes(),
    Format.GENERIC: generic.Generic(),
    Format.GITHUB: github.GitHub(),
    Format.GRAFANA: grafana.Grafana(),
    Format.OPSGENIE: opsgenie.Opsgenie(),
    Format.PAGERDUTY: pagerduty.PagerDuty(),
}

__all__ = ["FORMATS", "IncomingAlert", "IncomingChange", "Link", "Reading", "SenderFormat", "Unreadable"]
