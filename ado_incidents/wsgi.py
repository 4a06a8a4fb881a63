"""The WSGI entry: ingest and the emergency page answer in front of Django, all else is Django; by the right time."""

from __future__ import annotations

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ado_incidents.settings")

_django = get_wsgi_application()

from apps.alerts.ingest import Ingest  # noqa: E402  (needs the app registry)
from apps.core.threads import take_short_turns  # noqa: E402
from apps.engine.timekeeping import Timekeeper  # noqa: E402
from apps.operation.emergency.door import EmergencyDoor  # noqa: E402

take_short_turns()
application = Timekeeper(EmergencyDoor(Ingest(_django)))
