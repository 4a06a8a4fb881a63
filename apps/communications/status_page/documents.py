"""The status page for programs, in the form that Atlassian Statuspage made customary (contract, "Public pages")."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac

from apps.catalog.models import WindowState
from apps.communications.models import Component, ComponentStatus, Publication, PublicStatus, PublicUpdate
from apps.communications.status_page import queries
from apps.communications.status_page.queries import Page, Shown, Work

Document = dict[str, Any]
#: What the page is called by programs.
PAGE = "status"


def summary(page: Page) -> Document:
    """All that is of interest now."""
    return {
        **status(page),
        **components(page),
        "incidents": [_incident(each, page) for each in page.unresolved],
        "scheduled_maintenances": [_maintenance(each) for each in page.work],
    }


def status(page: Page) -> Document:
    """The page in a word."""
    told = {"indicator": page.overall.indicator, "description": page.overall.description}
    return {"page": _page(page), "status": told}


def line(page: Page) -> Document:
    """What pages of one's own show in a line: the newest incident, or else the work that is under way; or nothing."""
    for incident in page.unresolved:
        return {"name": incident.name, "link": address("status_incident", incident.code)}
    at_work = (each for each in page.work if each.status == "in_progress")
    return next(({"name": str(each.window), "link": address("status_page")} for each in at_work), {})


def components(page: Page) -> Document:
    """Every component with its status."""
    return {"page": _page(page), "components": [_component(each.component, each.status) for each in page.components]}


def incidents(page: Page) -> Document:
    """The latest incidents, those that are over included."""
    return {"page": _page(page), "incidents": [_incident(each, page) for each in queries.listed()]}


def maintenances(page: Page) -> Document:
    """What is worked on, what will be, and what was."""
    past = queries.maintenance([each.component for each in page.components], WindowState.PAST)
    return {"page": _page(page), "scheduled_maintenances": [_maintenance(each) for each in (*page.work, *past)]}


def address(name: str, *args: Any) -> str:
    """The whole address of a public page."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}"


def _page(page: Page) -> Document:
    return {
        "id": PAGE,
        "name": settings.STATUS_PAGE_NAME,
        "url": address("status_page"),
        "time_zone": "Etc/UTC",
        "updated_at": _instant(page.changed_at),
    }


def _component(component: Component, status: str) -> Document:
    return {
        "id": component.code,
        "page_id": PAGE,
        "name": component.name,
        "description": component.description or None,
        "status": str(status),
        "position": component.position,
        "group": False,
        "group_id": None,
        "showcase": True,
        "only_show_if_degraded": False,
    }


def _incident(publication: Publication, page: Page) -> Document:
    shown = {each.component.pk: each for each in page.components}
    updates = list(publication.updates.all())
    affected = [shown[pk] for pk in queries.affected_now(publication) if pk in shown]
    return {
        "id": publication.code,
        "page_id": PAGE,
        "name": publication.name,
        "status": publication.status,
        "impact": publication.impact,
        "created_at": _instant(publication.published_at),
        "started_at": _instant(publication.published_at),
        "updated_at": _instant(publication.changed_at),
        "monitoring_at": _since(updates, PublicStatus.MONITORING),
        "resolved_at": _instant(publication.resolved_at),
        "shortlink": address("status_incident", publication.code),
        "incident_updates": [_update(each, publication, shown) for each in updates],
        "components": [_component(each.component, each.status) for each in affected],
    }


def _update(update: PublicUpdate, publication: Publication, shown: dict[int, Shown]) -> Document:
    at = _instant(update.at)
    told = [(shown[int(pk)].component, status) for pk, status in update.components.items() if int(pk) in shown]
    return {
        "id": update.code,
        "incident_id": publication.code,
        "status": update.status,
        "body": update.update.message,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": [
            {"code": each.code, "name": each.name, "new_status": status} for each, status in told
        ],
    }  # fmt: skip


def _maintenance(work: Work) -> Document:
    window = work.window
    statuses = {"in_progress": ComponentStatus.MAINTENANCE}
    return {
        "id": salted_hmac("status_page.maintenance", str(window.pk)).hexdigest()[:12],
        "page_id": PAGE,
        "name": str(window),
        "status": work.status,
        "impact": "maintenance",
        "created_at": _instant(window.created_at),
        "updated_at": _instant(window.ended_early_at or window.created_at),
        "scheduled_for": _instant(window.starts_at),
        "scheduled_until": _instant(window.end),
        "shortlink": address("status_page"),
        "incident_updates": [],
        "components": [
            _component(each, statuses.get(work.status, ComponentStatus.OPERATIONAL)) for each in work.components
        ],
    }


def _since(updates: Iterable[PublicUpdate], status: PublicStatus) -> str | None:
    """When it was told last that it is so; ``updates`` begin with the newest."""
    return next((_instant(update.at) for update in updates if update.status == status), None)


def _instant(at: datetime | None) -> str | None:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None
