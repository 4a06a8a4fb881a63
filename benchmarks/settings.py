"""The house's settings, with no middleware at all before the view that ingest is compared with."""

from __future__ import annotations

from ado_incidents.settings import *  # noqa: F403

ROOT_URLCONF = "benchmarks.urls"
MIDDLEWARE = []
