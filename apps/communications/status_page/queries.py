"""Reads of the status page: what everybody may see of it, and who speaks there (R25)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import BooleanField, Count, F, Func, Prefetch, Q, QuerySet, Sum

from apps.catalog import queries as catalog
from apps.catalog.models import MaintenanceWindow, WindowState
from apps.communications.models import (
    Audience,
    Component,
    ComponentStatus,
    Publication,
    PublicStatus,
    PublicUpdate,
    Update,
)
from apps.communications.queries import updates_of
from apps.communications.status_page import rules
from apps.communications.status_page.rules import Overall, Span
from apps.core import clock
from apps.core.errors import Invalid
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.teams import access

#: Who speaks to customers for an incident, besides the commanders of its team.
_SPEAKERS = ("commander", "communications_lead")
#: So many incidents and windows that are over are listed.
LISTED = 50
#: So many the page takes, whatever stands there.
QUERIES = 7
#: So long an incident that is over stands on the page itself.
RECENT = timedelta(days=14)


def may_publish(person: access.Viewer, incident: Incident) -> bool:
    """Whether ``person`` speaks to customers for it: its commander, its communications lead, its team's commanders."""
    if access.may(person, access.Permission.COMMAND, incident):
        return True
    if not access.may(person, access.Permission.RESPOND, incident):
        return False
    return any(incidents.holder_of(incident, role) == person for role in _SPEAKERS)


def why_hidden(incident: Incident) -> str:
    """Why nobody outside may read of the incident; empty: one may publish it."""
    if incident.private:
        return "it is private."
    if incident.drill:
        return "it is a drill."
    part_of_hidden = any(whole.private or whole.drill for whole in _wholes(incident))
    return "it is a part of an incident that is not for everybody." if part_of_hidden else ""


def _wholes(incident: Incident) -> Iterator[Incident]:
    """What it was merged into, and what that was merged into, and so on."""
    seen = {incident.pk}
    while (into := incident.merged_into) is not None and into.pk not in seen:
        yield into
        seen.add(into.pk)
        incident = into


def with_parts(incident_id: int) -> set[int]:
    """The incident, what was merged into it, and what was merged into that, and so on."""
    found, newest = {incident_id}, {incident_id}
    while newest:
        newest = set(Incident.objects.filter(merged_into__in=newest).values_list("pk", flat=True)) - found
        found |= newest
    return found


class _PartOfNoneHidden(Func):
    """Whether no incident is private or a drill on the way from the given one along what each was merged into."""

    template = """NOT EXISTS (
        WITH RECURSIVE whole AS (
            SELECT it.id, it.private, it.drill, it.merged_into_id
              FROM incidents_incident it WHERE it.id = %(expressions)s
            UNION
            SELECT it.id, it.private, it.drill, it.merged_into_id
              FROM incidents_incident it JOIN whole ON it.id = whole.merged_into_id
        ) SELECT FROM whole WHERE private OR drill
    )"""
    output_field = BooleanField()


def standing() -> QuerySet[Publication]:
    """What everybody may read, the newest first. It asks the incident itself: one that became private is not there."""
    return Publication.objects.filter(
        _PartOfNoneHidden(F("incident__merged_into")), taken_off_at=None, incident__private=False, incident__drill=False
    )


#: How many messages everybody may read, and the sum of their ids.
Told = tuple[int, int]


def told_now() -> Told:
    """Another value whenever something is published, leaves the page or is hidden; one query."""
    found = PublicUpdate.objects.filter(publication__in=standing()).aggregate(number=Count("pk"), ids=Sum("pk"))
    return found["number"], found["ids"] or 0


def hidden_since() -> QuerySet[Publication]:
    """What stands on the page by its own row, and is of an incident that nobody outside may read of."""
    return Publication.objects.filter(taken_off_at=None).exclude(pk__in=standing().values("pk"))


def with_updates(publications: QuerySet[Publication]) -> QuerySet[Publication]:
    """With what was published of each at hand, the newest first."""
    return publications.prefetch_related(
        Prefetch("updates", PublicUpdate.objects.select_related("update").order_by("-pk"))
    )


def shown_components() -> QuerySet[Component]:
    """The components of the page, in its order."""
    return Component.objects.filter(is_shown=True, service__is_active=True)


def components_by_slug(named: Mapping[str, str]) -> dict[int, str]:
    """The same statuses by the component's id instead of its service's slug. Raises Invalid for one not shown."""
    known = dict(shown_components().filter(service__slug__in=named).values_list("service__slug", "pk"))
    if unknown := sorted(set(named) - set(known)):
        raise Invalid(f"The status page shows no component of a service {unknown[0]}.", field="components")
    return {known[slug]: status for slug, status in named.items()}


def components_told(incident: Incident, named: Mapping[str, str] | None) -> dict[int, str]:
    """As ``components_by_slug``; None is as was told last, as far as the page still shows it."""
    if named is not None:
        return components_by_slug(named)
    last = affected_now(publication_of(incident))
    shown = set(shown_components().filter(pk__in=last).values_list("pk", flat=True))
    return {component: status for component, status in last.items() if component in shown}


def unpublished_updates(incident: Incident) -> QuerySet[Update]:
    """The messages for customers that nobody published yet, newest first."""
    return updates_of(incident).filter(audience=Audience.EXTERNAL, published__isnull=True)


def publication_of(incident: Incident) -> Publication | None:
    """How the incident is or was published, with its updates, whoever may read of it."""
    return with_updates(Publication.objects.filter(incident=incident)).first()


def last_told(incident: Incident) -> PublicUpdate | None:
    """What was published last of the incident."""
    return PublicUpdate.objects.filter(publication__incident=incident).order_by("-pk").first()


def affected_now(publication: Publication | None) -> dict[int, str]:
    """The statuses of the components that the incident affects, by their id, as told last."""
    last = next(iter(publication.updates.all()), None) if publication else None
    return {int(component): status for component, status in last.components.items()} if last else {}


def affected_ever(publication: Publication | None) -> set[int]:
    """The ids of the components that any message about the incident named, whether they still are affected or not."""
    return (
        {int(component) for update in publication.updates.all() for component in update.components}
        if publication
        else set()
    )


def named_now(incident: Incident) -> dict[int, ComponentStatus]:
    """How each component is that was ever published with the incident: the worst that any open one says of it."""
    told = [affected_now(each) for each in with_updates(standing().filter(resolved_at=None))]
    return {
        component: rules.worst([ComponentStatus(each[component]) for each in told if component in each])
        for component in affected_ever(publication_of(incident))
    }


@dataclass(frozen=True, slots=True)
class Shown:
    """A component with its status now, and the worst status of each of the last days."""

    component: Component
    status: ComponentStatus
    days: Sequence[tuple[date, ComponentStatus]]


@dataclass(frozen=True, slots=True)
class Work:
    """A maintenance window as everybody may read of it."""

    window: MaintenanceWindow
    components: Sequence[Component]

    @property
    def status(self) -> str:
        """As the customary form has it."""
        return {"now": "in_progress", "planned": "scheduled", "past": "completed"}[self.window.state]


@dataclass(frozen=True, slots=True)
class Page:
    """The status page at one instant: QUERIES queries, however much there is."""

    at: datetime
    overall: Overall
    components: Sequence[Shown]
    unresolved: Sequence[Publication]
    recent: Sequence[Publication]
    work: Sequence[Work]

    @property
    def changed_at(self) -> datetime:
        """When anything that stands there changed last; without anything, the beginning of the day."""
        changes = [each.changed_at for each in (*self.unresolved, *self.recent)]
        begun = [each.window.starts_at for each in self.work if each.window.state == WindowState.NOW]
        return max([*changes, *begun], default=self.at.replace(hour=0, minute=0, second=0, microsecond=0))


def page() -> Page:
    """The page as it is now."""
    now = clock.now()
    components = list(shown_components())
    since = now - rules.DAY * rules.DAYS_SHOWN
    told = list(with_updates(standing().filter(Q(resolved_at=None) | Q(resolved_at__gt=since))))
    unresolved = [each for each in told if each.resolved_at is None]
    work = maintenance(components, WindowState.NOW) + maintenance(components, WindowState.PLANNED)
    worked_on = {part.pk for each in work if each.status == "in_progress" for part in each.components}
    shown = [_shown(component, told, worked_on, now=now) for component in components]
    return Page(
        at=now,
        overall=rules.overall([each.status for each in shown], [each.impact for each in unresolved]),
        components=shown,
        unresolved=unresolved,
        recent=[each for each in told if each.resolved_at is not None and each.resolved_at > now - RECENT],
        work=work,
    )


def listed() -> list[Publication]:
    """The latest publications with their updates, whether they are over or not."""
    return list(with_updates(standing())[:LISTED])


def maintenance(components: Sequence[Component], state: WindowState) -> list[Work]:
    """The windows in that state that are marked public, as far as they are about ``components``."""
    windows = catalog.listed_windows(MaintenanceWindow.objects.filter(is_public=True), state)
    found = [Work(window, _worked_on(window, components)) for window in windows.prefetch_related("services")[:LISTED]]
    return [each for each in found if each.components]


def _worked_on(window: MaintenanceWindow, components: Sequence[Component]) -> list[Component]:
    named = {service.pk for service in window.services.all()}
    return [each for each in components if window.all_services or each.service_id in named]


def _shown(component: Component, told: Iterable[Publication], worked_on: set[int], *, now: datetime) -> Shown:
    spans = [span for publication in told for span in _spans(publication, component)]
    current = [span.status for span in spans if span.end is None]
    if component.pk in worked_on:
        current.append(ComponentStatus.MAINTENANCE)
    return Shown(component, rules.worst(current), rules.days(spans, now=now))


def _spans(publication: Publication, component: Component) -> list[Span]:
    """How the component was, from each update of the publication to the next."""
    updates = list(reversed(publication.updates.all()))
    ends = [*(update.at for update in updates[1:]), None]
    key = str(component.pk)
    return [
        Span(update.at, end, ComponentStatus(update.components[key]))
        for update, end in zip(updates, ends, strict=True)
        if update.components.get(key, ComponentStatus.OPERATIONAL) != ComponentStatus.OPERATIONAL
        and update.status != PublicStatus.RESOLVED
    ]
