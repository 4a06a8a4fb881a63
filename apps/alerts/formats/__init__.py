"""What senders post, one file a sender; each reads a body into ``IncomingAlert`` values."""

from apps.alerts.formats import alertmanager, generic
from apps.alerts.formats.base import AlertFormat, IncomingAlert, Link, Reading, Unreadable
from apps.alerts.models import Format

FORMATS: dict[Format, AlertFormat] = {
    Format.ALERTMANAGER: alertmanager.Alertmanager(),
    Format.GENERIC: generic.Generic(),
}

__all__ = ["FORMATS", "AlertFormat", "IncomingAlert", "Link", "Reading", "Unreadable"]
