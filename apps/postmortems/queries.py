"""Reads of reviews and action items: what a person may see, who answers for it, when it is reminded of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.db.models import Count, Q, QuerySet

from apps.contacts.models import ContactGroup, EmergencyContact
from apps.core import clock as house_clock
from apps.incidents import queries as incidents
from apps.incidents.models import Incident
from apps.postmortems.models import ActionItem, ActionStatus, Answer, Improvement, Postmortem
from apps.teams.access import Viewer
from apps.teams.models import Membership, Team, TeamRole, User

#: To whom the procedures escalate what a review left undone (R31).
ESCALATION_CONTACT = "engineering_manager"


def reviews_visible_to(person: Viewer) -> QuerySet[Postmortem]:
    """The reviews of the incidents that ``person`` may see, newest first; ``open_items`` counts what is to be done."""
    return (
        Postmortem.objects.filter(incident__in=incidents.visible_to(person))
        .select_related("incident__severity", "incident__team", "lead", "finished_by")
        .annotate(
            open_items=Count("incident__action_items", filter=Q(incident__action_items__status=ActionStatus.OPEN))
        )
    )


def review_of(incident: Incident) -> Postmortem | None:
    """The review of the incident, if it has one yet."""
    return Postmortem.objects.filter(incident=incident).select_related("lead").first()


def missing_answers(postmortem: Postmortem) -> list[Answer]:
    """The required answers that nobody gave yet."""
    return [answer for answer in postmortem.answers.all() if answer.is_missing]


def action_items_visible_to(person: Viewer) -> QuerySet[ActionItem]:
    """The action items of the incidents that ``person`` may see, the first due first."""
    return ActionItem.objects.filter(incident__in=incidents.visible_to(person)).select_related(
        "incident__team", "owner", "owner_team"
    )


def open_action_items(person: Viewer) -> QuerySet[ActionItem]:
    """Those of ``action_items_visible_to`` that are still to be done."""
    return action_items_visible_to(person).filter(status=ActionStatus.OPEN)


def action_items_of(incident: Incident) -> QuerySet[ActionItem]:
    """What is to be done because of the incident, the first due first."""
    return incident.action_items.select_related("owner", "owner_team")


def improvements_visible_to(person: Viewer) -> QuerySet[Improvement]:
    """What was changed because of the incidents that ``person`` may see, oldest first."""
    visible = incidents.visible_to(person)
    return Improvement.objects.filter(incident__in=visible).select_related("incident__team", "revision", "made_by")


def is_overdue(item: ActionItem) -> bool:
    """Whether the last day on which the item is in time is over, in its team's zone."""
    return item.status == ActionStatus.OPEN and today(item.incident.team) > item.due_date


def reminder_time(item: ActionItem) -> datetime:
    """When its owner is reminded: as the working hours of the day begin, in UTC."""
    return incidents.calendar_of(item.incident.team).opening(item.remind_on)


def overdue_time(item: ActionItem) -> datetime:
    """When it is raised: as the working hours of the day after its due date begin, in UTC."""
    return incidents.calendar_of(item.incident.team).opening(item.due_date + timedelta(days=1))


def today(team: Team) -> date:
    """The day that it is for ``team``."""
    return incidents.calendar_of(team).local_day(house_clock.now())


def owners_of(item: ActionItem) -> list[User]:
    """Who answers for the item: its owner, or the managers, else the commanders, of the team that owns it."""
    if item.owner_team is None:
        return _active([item.owner])
    return _leaders(item.owner_team)


def responsible_for(incident: Incident) -> list[User]:
    """Who sees to the incident's review: its lead, else the commander, else the team's managers or commanders."""
    review = review_of(incident)
    lead = _active([review.lead if review else None, incidents.holder_of(incident, "commander")])
    return lead[:1] or incidents.those_who_see(incident, _leaders(incident.team))


def escalation_person() -> User | None:
    """Who is told when a review or its closure is overdue: the engineering manager (R31)."""
    contact = EmergencyContact.objects.filter(
        group=ContactGroup.ESCALATION, key=ESCALATION_CONTACT, retired_at=None, person__is_active=True
    ).select_related("person")
    found = contact.first()
    return found.person if found else None


def _leaders(team: Team) -> list[User]:
    for role in (TeamRole.MANAGER, TeamRole.COMMANDER):
        held = Membership.objects.filter(team=team, role=role).select_related("person")
        if leaders := _active(membership.person for membership in held):
            return leaders
    return []


def _active(people: Iterable[User | None]) -> list[User]:
    return [person for person in people if person is not None and person.is_active]
