"""The rules of the chain once more, plainly and without a database: what requirements.md says, nothing of the house.

It knows chains that name people only. Whoever changes a rule changes it here too, or the two disagree.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import holidays

from tests.escalation.random_chains import NAMES, RandomCase, RandomLevel

BERLIN, FREE = ZoneInfo("Europe/Berlin"), holidays.country_holidays("US")

#: Round, number of the level, minutes since the declaration, who.
Page = tuple[int, int, float, str]


def predict(case: RandomCase) -> list[Page]:
    """Every page of the case."""
    return Model(case).play()


class Model:
    """Levels wait in a queue for their instant; each is decided there, or put back."""

    def __init__(self, case: RandomCase) -> None:
        self.case = case
        self.now = case.start
        self.pages: list[Page] = []
        self.acknowledged = self.resolved = False
        self.held_until, self.holder = case.start, ""
        self.turns: dict[tuple[int, str], int] = {}
        self.order = 0
        self.waiting: set[tuple[int, int]] = set()
        self.queue: dict[tuple[int, int], tuple[datetime, int]] = {}
        self.levels = {level.number: level for level in case.levels}
        for each in range(case.repeats + 1):
            for level in case.levels:
                self.put((each + 1, level.number), case.start + each * case.repeat_every + level.after)

    def play(self) -> list[Page]:
        for answer in self.case.answers:
            at = self.case.start + answer.after
            self.pass_until(at)
            self.now = at
            if self.resolved:
                continue
            if answer.kind == "acknowledge":
                self.acknowledged = True
            elif answer.kind == "resolve":
                self.ask_who_held_it(until=at)
                self.resolved = True
                self.queue.clear()
            elif answer.kind == "hold":
                self.ask_who_held_it(until=at)
                self.held_until, self.holder = at + timedelta(minutes=answer.number), answer.by
                self.hold_again()
            elif answer.kind == "end hold" and self.held_until > at:
                self.held_until, self.holder = at, ""
                self.hold_again()
        self.ask_who_held_it(until=self.case.start + timedelta(days=60))
        self.pass_until(self.case.start + timedelta(days=60))
        return sorted(self.pages)

    def ask_who_held_it(self, *, until: datetime) -> None:
        """At the end of a hold whoever held it is paged, of no level, if it came before that."""
        if self.holder and self.held_until <= until and not self.resolved:
            if self.holder not in self.case.unreachable:
                self.pages.append((0, 0, self.minute(self.held_until), self.holder))
            self.holder = ""

    def minute(self, at: datetime) -> float:
        return round((at - self.case.start) / timedelta(minutes=1), 2)

    def put(self, place: tuple[int, int], at: datetime) -> None:
        """Queue a level; one that is queued keeps its place among those of the same instant."""
        if place in self.queue:
            self.queue[place] = (at, self.queue[place][1])
        else:
            self.order += 1
            self.queue[place] = (at, self.order)

    def pass_until(self, until: datetime) -> None:
        while self.queue and min(self.queue.values())[0] <= until:
            place = min(self.queue, key=self.queue.__getitem__)
            self.now = max(self.now, self.queue.pop(place)[0])
            level = self.levels[place[1]]
            if not self.needed(level):
                continue
            if (free := self.free(level)) > self.now:
                self.waiting.add(place)
                self.put(place, free)
            else:
                self.page(place)

    def hold_again(self) -> None:
        for place in sorted(self.waiting & self.queue.keys()):
            self.put(place, max(self.free(self.levels[place[1]]), self.now))

    def needed(self, level: RandomLevel) -> bool:
        return not (level.unless == "acknowledged" and self.acknowledged)

    def free(self, level: RandomLevel) -> datetime:
        """From when on nothing holds the level back."""
        free = max(self.now, self.held_until)
        return opening(free) if level.outside_hours == "wait" else free

    def page(self, place: tuple[int, int]) -> None:
        each, number = place
        level = self.levels[number]
        outside = opening(self.now) > self.now
        named = [
            NAMES[target.index]
            for target in level.targets
            if level.outside_hours != "other" or target.outside == outside
        ]
        people = [name for name in dict.fromkeys(named) if name not in self.case.unreachable]
        if not people:
            self.hand_over(place)
            return
        if level.round_robin:
            chosen = min(people, key=lambda name: self.turns.get((number, name), 0))
            self.turns[number, chosen] = len([page for page in self.pages if page[1] == number]) + 1
            people = [chosen]
        self.pages += [(each, number, self.minute(self.now), name) for name in people]

    def hand_over(self, place: tuple[int, int]) -> None:
        """The next level of the round that is needed and still undecided is asked at once."""
        for above in sorted(other for other in self.queue if other[0] == place[0] and other[1] > place[1]):
            level = self.levels[above[1]]
            if not self.needed(level):
                del self.queue[above]
            elif level.outside_hours == "wait" and opening(self.now) > self.now:
                self.waiting.add(above)
                self.put(above, opening(self.now))
                return
            else:
                del self.queue[above]
                self.page(above)
                return


def opening(at: datetime) -> datetime:
    """The first full hour from ``at`` on at which Berlin works, unless it does at ``at``."""
    if _works(at):
        return at
    hour = at.replace(minute=0, second=0, microsecond=0)
    while not _works(hour) or hour < at:
        hour += timedelta(hours=1)
    return hour


def _works(at: datetime) -> bool:
    local = at.astimezone(BERLIN)
    return local.weekday() < 5 and 9 <= local.hour < 17 and local.date() not in FREE
