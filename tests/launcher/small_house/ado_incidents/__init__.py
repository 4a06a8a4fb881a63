"""The Celery application and the page of the small house."""

import os
from pathlib import Path

from celery import Celery

celery_app = Celery("ado_incidents", broker=os.environ["REDIS_URL"])
celery_app.conf.beat_schedule = {"tick": {"task": "tick", "schedule": 1.0, "options": {"queue": "pages"}}}


@celery_app.task(name="tick")
def tick():
    """Leave a trace, so that a test sees that beat and worker speak through the broker."""
    Path(os.environ["DATA_DIR"], "ticked").touch()
