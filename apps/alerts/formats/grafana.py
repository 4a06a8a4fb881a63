"""Grafana's own alerting, contact point "webhook". Source: "Configure webhook notifications" of its documentation."""

from __future__ import annotations

from apps.alerts.formats.alertmanager import Alertmanager


class Grafana(Alertmanager):
    """What Alertmanager writes, with links to the panel that shows it."""

    name = "a notification of Grafana's alerting"
    linked_fields = (
        ("panelURL", "Panel"),
        ("dashboardURL", "Dashboard"),
        ("generatorURL", "Source"),
        ("silenceURL", "Silence"),
    )
