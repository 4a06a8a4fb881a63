"""Celery: the engine's pulse. It carries no state; what is due stands in PostgreSQL."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ado_incidents.settings")

app = Celery("ado_incidents")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
