"""Looks for pages that should have been sent and are neither sent, nor planned, nor left out for a reason.

Each look is a handful of set-based queries over what is open, however long the tables are.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q

from apps.engine import queries as engine
from apps.escalation import proof_of_deliveries, proof_of_maintenance, proof_of_people
from apps.escalation.actions import climbing, levels, silence
from apps.escalation.gaps import Gap
from apps.escalation.models import UNDECIDED, LevelState, Run, RunLevel, Unless
from apps.incidents import clocks
from apps.incidents.models import OPEN, Clock, Incident
from apps.notifications.models import Notification, NotificationKind

#: A page is of the level that fired no later than this after it: the two instants are told by two looks at a clock,
#: which may be put right by the database's in between.
SKEW = timedelta(seconds=10)


def gaps() -> list[Gap]:
    """Everything that is missing now, by incident; what belongs to none comes first."""
    found = [
        *_no_run(),
        *_no_timer_of_a_level(),
        *_no_page(),
        *proof_of_deliveries.gaps(),
        *_no_timer_of_a_clock(),
        *_no_timer_of_a_silence(),
        *proof_of_maintenance.gaps(),
        *proof_of_people.gaps(),
    ]
    return sorted(found, key=lambda gap: gap.incident_id or 0)


def _no_run() -> Iterator[Gap]:
    running = Run.objects.filter(incident=OuterRef("pk"), ended_at=None)
    missing = Incident.objects.filter(~Exists(running), status__in=OPEN).select_related("severity", "team")
    for incident in missing:
        yield Gap(incident.pk, f"{incident} did not climb its chain.", missing.filter(pk=incident.pk), _begin)


def _begin(incident: Incident) -> None:
    climbing.start_over(incident)  # in the midst of a response: nobody is to be paged a second time
    silence.listen(incident)


def _no_timer_of_a_level() -> Iterator[Gap]:
    undecided = RunLevel.objects.filter(state__in=UNDECIDED, run__ended_at=None, run__incident__status__in=OPEN)
    missing = engine.without_timer(undecided, kind=levels.FIRE).select_related("run__incident")
    for level in missing:
        incident = level.run.incident
        yield Gap(
            incident.pk,
            f"{levels.called(level)} of {incident} was planned, and nothing would have paged it.",
            missing.filter(pk=level.pk),
            lambda level: levels.plan(level, level.run.incident),
        )


def _no_page() -> Iterator[Gap]:
    # By level and instant, not by run: a run that was taken anew for another severity sends no page for what was paged
    # before. A later round pages the same people by the same level again, so that what was sent before is another page.
    told = Notification.objects.filter(
        person=OuterRef("user"), incident=OuterRef("runlevel__run__incident"), kind=NotificationKind.PAGE,
        level=OuterRef("runlevel__number"), created_at__gte=OuterRef("runlevel__at") - SKEW,
    )  # fmt: skip
    # What keeps a level from firing (``rules.why_not``) keeps its page from being repaired, unless it was there already
    # when the level fired all the same: by hand, or because nobody did anything.
    answered = Q(
        runlevel__unless=Unless.ACKNOWLEDGED, runlevel__run__incident__acknowledged_at__gte=F("runlevel__at")
    )  # fmt: skip
    missing = RunLevel.people.through.objects.filter(
        ~Exists(told), ~answered, runlevel__state=LevelState.FIRED, runlevel__run__ended_at=None,
        runlevel__run__incident__status__in=OPEN, user__is_active=True,
    ).select_related("user", "runlevel__run__incident__severity", "runlevel__run__incident__team")  # fmt: skip
    for row in missing:
        level, incident = row.runlevel, row.runlevel.run.incident
        yield Gap(
            incident.pk,
            f"{levels.called(level)} of {incident} was paged, and {row.user} was sent nothing.",
            missing.filter(pk=row.pk),
            lambda row: levels.page(row.runlevel, row.runlevel.run.incident, [row.user], because=row.runlevel.reason),
        )


def _no_timer_of_a_clock() -> Iterator[Gap]:
    running = Clock.objects.filter(met_at=None, stopped_at=None, breached_at=None)
    missing = engine.without_timer(running, kind=clocks.BREACH).select_related("incident")
    for clock in missing:
        yield Gap(
            clock.incident_id,
            f"The {clock.get_name_display().lower()} clock of {clock.incident} would have run out unseen.",
            missing.filter(pk=clock.pk),
            clocks.plan_breach,
        )


def _no_timer_of_a_silence() -> Iterator[Gap]:
    asks = Q(asks_again_after__isnull=False, incident__acknowledged_at__isnull=False) | Q(held_by__isnull=False)
    waiting = Run.objects.filter(asks, ended_at=None, incident__status__in=OPEN)
    missing = engine.without_timer(waiting, kind=silence.SILENCE).select_related("incident")
    for run in missing:
        yield Gap(
            run.incident_id,
            f"Whoever took {run.incident} on, or held it, would not have been asked whether they are still on it.",
            missing.filter(pk=run.pk),
            lambda run: silence.look(run.pk),
        )
