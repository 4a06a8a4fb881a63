"""The words of pages and notices: short, the worst first, readable at three in the morning."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from django.conf import settings
from django.urls import reverse

from apps.contacts.models import ContactMethod
from apps.engine.models import Breaker, Timer
from apps.incidents.models import Incident, ResponseRole
from apps.notifications.models import DirectPage, Notification
from apps.rosters.actions import StandInEnded
from apps.rosters.models import Absence, HandoverNote, Roster, Shadow, Shift, Swap
from apps.teams.models import User

#: What a text message or a lock screen shows of a subject.
BRIEF = 120
#: In place of a title, for who may not read it.
PRIVATE = "Private incident"


def subject(incident: Incident, occasion: str) -> str:
    """The subject line: severity, number, what happened, and to what."""
    drill = "DRILL " if incident.drill else ""
    return f"{drill}[{incident.severity.code}] {incident} {occasion}: {incident.title}"


def discreet_subject(notification: Notification) -> str:
    """The subject line for who may not read about its private incident: that there is one, and how bad it is."""
    incident = notification.incident
    if incident is None:
        return PRIVATE
    drill = "DRILL " if incident.drill else ""
    return f"{drill}[{incident.severity.code}] {incident}: {PRIVATE}"


def about(incident: Incident, news: str) -> str:
    """A message of one piece of news and the incident's facts."""
    return f"{news}\n\n{facts(incident)}"


def page(incident: Incident, *, level: int, level_name: str, because: str) -> str:
    """What a person reads who is paged by a level of the chain."""
    return about(incident, f"You are paged as level {level}, {level_name}. {because}")


def invitation(incident: Incident, roles: Iterable[ResponseRole]) -> str:
    """What a person reads who is asked to take roles, with what each is responsible for (R5)."""
    lines = []
    for role in roles:
        lines.append(f"You are asked to take the role {role}:")
        lines += [f"- {responsibility}" for responsibility in role.responsibilities]
    return about(incident, "\n".join(lines))


def role_given(incident: Incident, role: ResponseRole, *, by: User | None) -> str:
    """What a person reads who was given a role by somebody else."""
    duties = "\n".join(f"- {responsibility}" for responsibility in role.responsibilities)
    return about(incident, f"{by or 'The engine'} gave you the role {role}:\n{duties}")


def still_on_it(incident: Incident, *, silent_for: str) -> str:
    """What a person reads who took an incident on, or commands it, when nothing happens."""
    return about(
        incident,
        f"Are you still on it? It is acknowledged, and nobody did anything for {silent_for}.\n\n"
        "Acknowledge this page, or leave a note: otherwise the escalation goes on without you.",
    )


def hold_is_over(incident: Incident, *, held_by: User) -> str:
    """What a person reads who held the escalation, or is on it, when the hold has come to its end."""
    return about(
        incident,
        f"The hold of {held_by} is over, and it is not resolved. Are you still on it?\n\n"
        "Acknowledge this page, hold it again, or leave a note.",
    )


def asked_to_respond(incident: Incident, *, by: User, words: str) -> str:
    """What a person reads whom somebody asks to help."""
    return about(
        incident, f"{by} asks you to respond{f': {words}' if words else '.'}\n\nAccept, or say that you cannot."
    )


def given_up(timer: Timer, *, private: bool) -> str:
    """What an administrator reads about something that the engine tried in vain; ``private``: without its words."""
    lines = [
        f"The engine gave up {timer.kind} ({timer.key}), due at {timer.due_at:%Y-%m-%d %H:%M:%S} UTC.",
        *([f"It is about {timer.subject}."] if timer.subject else []),
        *([] if private else [f"The last error: {timer.last_error}"]),
        "",
        "When its cause is mended it can be run again:",
        f"{settings.SITE_URL}{reverse('admin:engine_timer_change', args=[timer.pk])}",
    ]
    return "\n".join(lines)


def circuit_opened(breaker: Breaker, *, ways: str) -> str:
    """What an administrator reads of a provider that fails, or refuses the house."""
    lines = [
        f"{breaker.provider} fails and is left alone; now and then one message is tried. Until one goes through,",
        f"nothing goes out by it ({ways}), and people are reached by their other ways.",
        f"The last error: {breaker.last_error}",
        "",
        "How all providers stand:",
        f"{settings.SITE_URL}{reverse('engine_overview')}",
    ]
    return "\n".join(lines)


def by_hand(page: DirectPage) -> str:
    """What a person reads whom somebody pages by hand."""
    return f"{page.text}\n\n{page.by} pages {page.to}, {page.created_at:%Y-%m-%d %H:%M} UTC."


def answered_by_hand(notification: Notification) -> str:
    """What whoever paged by hand reads of an answer."""
    verb = "cannot take it on" if notification.declined_at else "has your page"
    return f"{notification.person} {verb}: {notification.text.splitlines()[0]}"


def unreached_by_hand(notification: Notification, reason: str) -> str:
    """What whoever paged by hand reads where the page did not reach somebody."""
    return f"Nothing reached {notification.person}: {reason}\n\nYou wrote: {notification.text.splitlines()[0]}"


def code(method: ContactMethod, digits: str) -> str:
    """What verifies a contact method."""
    return (
        f"{digits} is the code that verifies this contact method ({method.get_kind_display().lower()}) of "
        f"{method.person}. Type it on your profile within 15 minutes.\n\nIf you did not ask for it, do nothing."
    )


def method_disabled(method: ContactMethod) -> str:
    """What a person reads one of whose contact methods was taken out of use."""
    if method.disabled_at is None:
        return (
            f"Somebody answered STOP from there, so no text message is sent to {method} any more. START, sent from "
            f"there, ends that.\n\nAdd another way to be reached: {settings.SITE_URL}/profile/"
        )
    return (
        f"Nothing arrives by {method} any more, so it is no longer used: {method.disabled_reason}\n\n"
        f"Verify it again, or add another: {settings.SITE_URL}/profile/"
    )


def nothing_reaches(method: ContactMethod) -> str:
    """What an administrator reads of somebody, or of an endpoint, whose last contact method was taken out of use."""
    why = method.disabled_reason if method.disabled_at is not None else "its receiver answered STOP."
    return (
        f"A page to {method.person} reaches nobody: the last way to reach them, {method.get_kind_display().lower()}, "
        f"is no longer used: {why}\n\n"
        f"How people and endpoints are reached: {settings.SITE_URL}{reverse('admin:app_list', args=['contacts'])}"
    )


def shift_change(shift: Shift, *, begins: bool, other: User | None, notes: Sequence[HandoverNote] = ()) -> str:
    """What a person reads whose shift begins or ends; ``other`` had or takes it, ``notes`` are for them."""
    roster = shift.roster
    until = f"until {shift.end:%Y-%m-%d %H:%M} UTC" if begins else f"since {shift.start:%Y-%m-%d %H:%M} UTC"
    said = "You are on call now for" if begins else "You are no longer on call for"
    whom = f" {other} {'had' if begins else 'has'} it {'before you' if begins else 'now'}." if other else ""
    handed_over = "".join(f"\n\n{note.author} wrote: {note.text}" for note in notes)
    address = f"{settings.SITE_URL}/rosters/{roster.slug}/"
    return f"{said} {roster}, team {roster.team}, {until}.{whom}{handed_over}\n\n{address}"


def about_swap(swap: Swap) -> str:
    """What a swap is about, and where it is answered."""
    lines = [f"{swap.asked_by}'s shift for {swap.roster}, team {swap.roster.team}: {swap.stretch}."]
    if swap.return_start and swap.return_end:
        back = f"{swap.return_start:%Y-%m-%d %H:%M} to {swap.return_end:%Y-%m-%d %H:%M} UTC"
        lines.append(f"In return {swap.asked_by} takes {swap.asked_of}'s: {back}.")
    if swap.reason:
        lines.append(f"Reason: {swap.reason}")
    return "\n".join([*lines, "", f"{settings.SITE_URL}/shifts/"])


def stand_in_ended(ended: StandInEnded) -> str:
    """What a manager reads of a roster of theirs that was retired with the one that it stood in for."""
    roster, other = ended.roster, ended.stood_for
    news = f"{ended.by} retired {other}, team {other.team}."
    follows = f"{roster}, team {roster.team}, stood in for it: nobody is on call there any more."
    return f"{news} {follows}\n\n{settings.SITE_URL}/rosters/{roster.slug}/"


def away_by_name(absence: Absence, roster: Roster, shifts: Sequence[Shift]) -> str:
    """What a manager reads of somebody who is away and was put in by name, so that nobody takes over by itself."""
    lines = [
        f"- {max(shift.start, absence.start):%Y-%m-%d %H:%M} to {shift.end:%Y-%m-%d %H:%M} UTC" for shift in shifts
    ]
    return "\n".join(
        [
            f"{absence.person} is away from {absence.stretch},",
            f"and was put in by name for {roster}, team {roster.team}:",
            *lines,
            "",
            "Nobody takes these over by themselves. Put somebody else in:",
            f"{settings.SITE_URL}/rosters/{roster.slug}/",
        ]
    )


def shadowed(incident: Incident, watched: Iterable[User], *, roster: Roster) -> str:
    """What a shadow reads of a page that somebody else got."""
    paged = ", ".join(map(str, watched))
    return about(
        incident,
        f"You are a shadow for {roster}. Paged just now: {paged}. See how it is handled; you need not answer.",
    )


def shadow_added(shadow: Shadow) -> str:
    """What a person reads whom somebody made a shadow."""
    how = "They ring like your own pages." if shadow.is_woken else "They come as notices."
    return (
        f"From {shadow.stretch} you are told of each page that {shadow.of or 'whoever is on call'} gets for "
        f"{shadow.roster}, team {shadow.roster.team}. {how} You need not answer them.\n\n"
        f"{settings.SITE_URL}/shifts/"
    )


def brief(subject: str) -> str:
    """The subject in one short line."""
    line = " ".join(subject.split())
    return line if len(line) <= BRIEF else f"{line[: BRIEF - 1].rstrip()}…"


def summary_subject(told: Sequence[Notification]) -> str:
    """The subject of several messages in one."""
    pages = sum(notification.is_page for notification in told)
    what = "pages" if pages == len(told) else "messages"
    named = [str(notification.incident) for notification in told if notification.incident]
    listed = ", ".join(dict.fromkeys(named))
    return f"{len(told)} more {what}: {listed}" if listed else f"{len(told)} more {what}"


def summary(told: Sequence[Notification], *, named: int, hidden: Collection[int] = ()) -> str:
    """Several messages in one: a line each, the worst first; of the ``hidden`` ones, by id, only that they are."""
    ranked = sorted(told, key=lambda each: (each.incident.severity.rank if each.incident else -1, each.pk))
    subjects = [discreet_subject(each) if each.pk in hidden else each.subject for each in ranked[:named]]
    lines = [f"- {' '.join(subject.split())}" for subject in subjects]
    if len(ranked) > named:
        lines.append(f"- and {len(ranked) - named} more: {settings.SITE_URL}/notifications/")
    return "\n".join(lines)


def facts(incident: Incident) -> str:
    """The incident in a few lines."""
    services = ", ".join(service.name for service in incident.services.all())
    lines = [
        incident.title,
        f"Severity: {incident.severity} ({incident.severity.impact})",
        f"Team: {incident.team}",
        *([f"Services: {services}"] if services else []),
        f"Status: {incident.get_status_display()}, declared {incident.declared_at:%Y-%m-%d %H:%M} UTC",
    ]
    if incident.summary.strip():
        lines += ["", incident.summary.strip()]
    return "\n".join(lines)
