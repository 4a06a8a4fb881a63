"""The form of a whole chain: filled from a draft, changed by its buttons without saving, and read as a draft again.

Everything stands in the form's fields, so that it works without JavaScript: ``levels`` lists the keys of the levels,
``level-KEY-targets`` those of a level's targets, in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

from django import forms
from django.http import QueryDict

from apps.core import durations
from apps.desk.forms.policies import HeadForm, LevelForm, SpanField, TargetForm, Whom
from apps.escalation import drafts
from apps.escalation.drafts import Draft, Rung
from apps.escalation.models import Level, LevelTarget, OutsideHours, Policy, Unless
from apps.escalation.models.policies import LAST_LEVEL

#: More targets than this are a mistake, or no form of ours.
MOST_TARGETS = 30
#: By how much a new level comes after the one before it.
STEP = timedelta(minutes=15)

FormT = TypeVar("FormT", bound=forms.Form)


@dataclass(frozen=True, slots=True)
class TargetPart:
    """A target in the form."""

    key: str
    form: TargetForm


@dataclass(frozen=True, slots=True)
class LevelPart:
    """A level in the form; ``list_name`` is the field that lists its targets."""

    key: str
    form: LevelForm
    list_name: str
    targets: list[TargetPart]


def fields_of(draft: Draft) -> QueryDict:
    """The fields of the form that says what ``draft`` says."""
    fields = QueryDict(mutable=True)
    policy = draft.policy
    fields["repeats"] = str(policy.repeats)
    for name in ("repeat_every", "asks_again_after"):
        span = getattr(policy, name)
        fields[name] = durations.format(span) if span is not None else ""
    for rung in draft.rungs:
        _append_level(fields, rung.level, [(_key_of(target), target.outside_hours) for target in rung.targets])
    return fields


def press(fields: QueryDict, button: str) -> None:
    """Change the fields as the button says: ``add-level``, ``add-target:LEVEL``, ``remove-level:LEVEL``, and so on.

    A button for what is not there changes nothing.
    """
    verb, *keys = button.split(":")
    if verb in _BUTTONS and len(keys) == _BUTTONS[verb][0]:
        _BUTTONS[verb][1](fields, *keys)


class Editor:
    """The form of a chain. ``check``: say what is wrong at the fields, which is for saving only."""

    def __init__(self, fields: QueryDict, *, whom: Whom, check: bool) -> None:
        self._fields, self._whom, self._check = fields, whom, check
        self.head = self._shown(HeadForm)
        self.levels = [
            LevelPart(
                key=key,
                form=self._shown(LevelForm, f"level-{key}"),
                list_name=_targets_of(key),
                targets=[
                    TargetPart(number, self._shown(TargetForm, f"level-{key}-target-{number}", whom=whom))
                    for number in _keys(fields, _targets_of(key), most=MOST_TARGETS)
                ],
            )
            for key in _level_keys(fields)
        ]
        self.may_add_level = len(self.levels) < LAST_LEVEL

    def is_valid(self) -> bool:
        """Whether every field can be read; only where the form is checked."""
        parts: list[forms.Form] = [self.head]
        for level in self.levels:
            parts += [level.form, *(target.form for target in level.targets)]
        return all(part.is_valid() for part in parts)

    def draft(self, policy: Policy, *, stored: Mapping[int, int]) -> Draft:
        """What the form says for ``policy``, as far as it can be read; ``stored``: ids of stored levels by number.

        Levels without a number or a time are left out, as are targets that name nobody. It changes ``policy``.
        """
        head = self._read(HeadForm)
        for name in ("repeats", "repeat_every", "asks_again_after"):
            if name in head:
                setattr(policy, name, head[name])
        if policy.repeat_every is None:
            policy.repeats = 0
        rungs = [rung for part in self.levels if (rung := self._rung(part, stored)) is not None]
        return Draft(policy=policy, rungs=sorted(rungs, key=lambda rung: (rung.level.number, rung.level.after)))

    def _rung(self, part: LevelPart, stored: Mapping[int, int]) -> Rung | None:
        known = self._read(LevelForm, f"level-{part.key}")
        if "number" not in known or known.get("after") is None:
            return None
        number = known["number"]
        level = Level(
            pk=stored.get(number),
            number=number,
            name=known.get("name") or f"Level {number}",
            after=known["after"],
            unless=known.get("unless") or Unless.ACKNOWLEDGED,
            outside_hours=known.get("outside_hours") or OutsideHours.PAGE,
            round_robin=known.get("round_robin", False),
        )
        targets = []
        for position, target in enumerate(part.targets):
            chosen = self._read(TargetForm, f"level-{part.key}-target-{target.key}", whom=self._whom)
            if chosen.get("whom"):
                found = self._whom.read(chosen["whom"])
                found.position = position
                found.outside_hours = level.outside_hours == OutsideHours.OTHER and chosen["outside_hours"]
                targets.append(found)
        return Rung(level, targets)

    def _shown(self, form: type[FormT], prefix: str | None = None, **options: Any) -> FormT:
        """The form with what was entered, and with what is wrong with it where it is checked."""
        if self._check:
            return form(self._fields, prefix=prefix, **options)
        names = {name: f"{prefix}-{name}" if prefix else name for name in form.base_fields}
        return form(
            initial={name: self._fields.get(field, "") for name, field in names.items()}, prefix=prefix, **options
        )

    def _read(self, form: type[FormT], prefix: str | None = None, **options: Any) -> dict[str, Any]:
        bound = form(self._fields, prefix=prefix, **options)
        bound.full_clean()
        return bound.cleaned_data


def _append_level(fields: QueryDict, level: Level, targets: list[tuple[str, bool]]) -> None:
    key = _free(_level_keys(fields))
    fields.appendlist("levels", key)
    said = {"number": str(level.number), "name": level.name, "after": durations.format(level.after)}
    said |= {"unless": level.unless, "outside_hours": level.outside_hours}
    for name, value in said.items():
        fields[f"level-{key}-{name}"] = value
    if level.round_robin:
        fields[f"level-{key}-round_robin"] = "on"
    for whom, outside in targets:
        _append_target(fields, key, whom, outside=outside)


def _append_target(fields: QueryDict, level: str, whom: str, *, outside: bool = False) -> None:
    keys = _keys(fields, _targets_of(level), most=MOST_TARGETS)
    key = _free(keys)
    fields.setlist(_targets_of(level), [*keys, key])
    fields[f"level-{level}-target-{key}-whom"] = whom
    fields.pop(f"level-{level}-target-{key}-outside_hours", None)
    if outside:
        fields[f"level-{level}-target-{key}-outside_hours"] = "on"


def _add_level(fields: QueryDict) -> None:
    """One more level after the last, with the next number, or with one that is left."""
    keys = _level_keys(fields)
    if len(keys) >= LAST_LEVEL:
        return
    numbers = {fields.get(f"level-{key}-number", "") for key in keys}
    free = [number for number in range(1, LAST_LEVEL + 1) if str(number) not in numbers]
    above = [number for number in free if not any(str(other) in numbers for other in range(number, LAST_LEVEL + 1))]
    number = (above or free)[0]
    spans = [span for key in keys if (span := _span(fields.get(f"level-{key}-after", ""))) is not None]
    after = max(spans) + STEP if spans else timedelta(0)
    unless = Unless.ACKNOWLEDGED if number <= 2 else Unless.RESOLVED
    _append_level(fields, Level(number=number, name=f"Level {number}", after=after, unless=unless), [("", False)])


def _remove_level(fields: QueryDict, level: str) -> None:
    fields.setlist("levels", [key for key in _level_keys(fields) if key != level])


def _add_target(fields: QueryDict, level: str) -> None:
    if level in _level_keys(fields) and len(_keys(fields, _targets_of(level), most=MOST_TARGETS)) < MOST_TARGETS:
        _append_target(fields, level, "")


def _remove_target(fields: QueryDict, level: str, target: str) -> None:
    keys = _keys(fields, _targets_of(level), most=MOST_TARGETS)
    fields.setlist(_targets_of(level), [key for key in keys if key != target])


def _raise_target(fields: QueryDict, level: str, target: str) -> None:
    """The target changes places with the one before it."""
    keys = _keys(fields, _targets_of(level), most=MOST_TARGETS)
    if target in keys[1:]:
        place = keys.index(target)
        keys[place - 1], keys[place] = keys[place], keys[place - 1]
        fields.setlist(_targets_of(level), keys)


_BUTTONS: dict[str, tuple[int, Callable[..., None]]] = {
    "add-level": (0, _add_level),
    "remove-level": (1, _remove_level),
    "add-target": (1, _add_target),
    "remove-target": (2, _remove_target),
    "raise-target": (2, _raise_target),
}


def _level_keys(fields: QueryDict) -> list[str]:
    return _keys(fields, "levels", most=LAST_LEVEL)


def _targets_of(level: str) -> str:
    return f"level-{level}-targets"


def _keys(fields: QueryDict, name: str, *, most: int) -> list[str]:
    """The keys that a field lists, each once: small numbers, whatever was sent."""
    sent = dict.fromkeys(key for key in fields.getlist(name) if key.isdecimal() and len(key) < 4)
    return list(sent)[:most]


def _free(keys: list[str]) -> str:
    return str(max((int(key) for key in keys), default=-1) + 1)


def _span(text: str) -> timedelta | None:
    try:
        found: timedelta | None = SpanField(required=False).clean(text)
    except forms.ValidationError:
        return None
    return found


def _key_of(target: LevelTarget) -> str:
    kind, pk = drafts.reference_of(target)
    return kind if pk is None else f"{kind}:{pk}"
