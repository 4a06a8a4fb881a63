"""The forms of a rehearsal: what is declared, and what people do meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from apps.catalog.models import Service
from apps.catalog.queries import active_services
from apps.contacts.queries import people_who_answer
from apps.core import durations
from apps.core.errors import HouseError
from apps.core.spans import in_words
from apps.escalation import queries as escalation
from apps.escalation.rules import FACTS
from apps.incidents.models import ResponseRole, Severity
from apps.procedures.answers import Answer
from apps.procedures.deeds import CHAIN, Deed, Word
from apps.procedures.doing import answer_of
from apps.teams import access
from apps.teams.models import User

#: So many rows there may be, and so many there are at first.
MOST_ROWS, FIRST_ROWS = 12, 2
HOLDS = ("15m", "30m", "1h", "2h", "4h", "8h", "24h")
#: What is done to people, who are named in another field.
_TO_PEOPLE = (Word.REASSIGN, Word.ASK)
_LOCAL = "%Y-%m-%dT%H:%M"

Choice = tuple[str, str]
Group = tuple[str, list[Choice]]


class RehearsalForm(forms.Form):
    """What is declared, for which service, and when."""

    severity = forms.ModelChoiceField(
        Severity.objects.filter(is_active=True), to_field_name="code", empty_label=None, label="Severity"
    )
    service = forms.ModelChoiceField(Service.objects.none(), to_field_name="slug", empty_label=None, label="Service")
    at = forms.DateTimeField(
        required=False, label="When", help_text="Empty: now.",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format=_LOCAL),
    )  # fmt: skip

    def __init__(self, data: QueryDict | None = None, *, by: User) -> None:
        """``by`` chooses among the services of the teams whose matters they may see."""
        super().__init__(data)
        seen = active_services().filter(team__in=access.team_ids(by, access.Permission.VIEW))
        self.fields["service"].queryset = seen  # type: ignore[attr-defined]


class DeedForm(forms.Form):
    """What somebody does: after how long, what, to whom, and who it is. A row without *what* says nothing."""

    after = forms.CharField(
        required=False, max_length=20, widget=forms.TextInput(attrs={"placeholder": "10m", "size": 6})
    )
    what = forms.ChoiceField(required=False)
    whom = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="–", label="To whom")
    by = forms.ModelChoiceField(User.objects.none(), required=False, empty_label="Who is paged first", label="By whom")

    def __init__(self, *args: Any, people: list[Choice], deeds: list[Group], **kwargs: Any) -> None:
        """``people`` and ``deeds`` are what one may choose, read once for all rows."""
        super().__init__(*args, **kwargs)
        self.answer: Answer | None = None
        self.fields["what"].choices = [("", "–"), *deeds]  # type: ignore[attr-defined]
        for name in ("whom", "by"):
            field = self.fields[name]
            field.queryset = people_who_answer()  # type: ignore[attr-defined]
            field.widget.choices = [("", field.empty_label), *people]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """Raise ValidationError unless it says everything that its *what* needs, or nothing; keeps the ``answer``."""
        known = super().clean() or self.cleaned_data
        if self.errors:
            return known
        if not known["what"]:
            if any(known.values()):
                self.add_error("what", "Choose what is done.")
            return known
        word, *what = known["what"].split()
        to_people = word in _TO_PEOPLE and not what
        if to_people and known["whom"] is None:
            self.add_error("whom", "Choose to whom.")
        elif known["whom"] is not None and not to_people:
            self.add_error("whom", "Only who is asked, or to whom it is reassigned, is chosen here.")
        else:
            self._understand(Word(word), [known["whom"].email] if to_people else what)
        return known

    def _understand(self, word: Word, what: list[str]) -> None:
        by = self.cleaned_data["by"]
        try:
            after = durations.parse(self.cleaned_data["after"])
        except HouseError as error:
            self.add_error("after", str(error).capitalize() + ".")
            return
        try:
            self.answer = answer_of(Deed(after, word, tuple(what), by.email if by else None))
        except HouseError as error:
            self.add_error("what", ValidationError(str(error)))


_Rows = forms.formset_factory(DeedForm, extra=FIRST_ROWS, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True)
_PREFIX = "then"
_TOTAL = f"{_PREFIX}-TOTAL_FORMS"


def rows(data: QueryDict, *, by: User, one_more: bool = False) -> forms.BaseFormSet[DeedForm]:
    """The rows that ``data`` says, and ``one_more`` that is empty; where it says none, the first ones, empty."""
    about = {"people": [(str(pk), name) for pk, name in _people()], "deeds": list(_deeds(by))}
    total = str(data.get(_TOTAL, ""))
    if not total.isdecimal():
        return _Rows(prefix=_PREFIX, form_kwargs=about)
    said = data.copy()
    said[_TOTAL] = str(min(int(total) + one_more, MOST_ROWS))
    return _Rows(said, prefix=_PREFIX, form_kwargs=about)


def _people() -> Iterator[tuple[int, str]]:
    for person in people_who_answer():
        yield person.pk, str(person)


def _deeds(by: User) -> Iterator[Group]:
    """Everything that one may choose, written as in a deed; of chains only what ``by`` may see."""
    triggers = list(escalation.triggers())
    texts = {trigger.key: trigger.text for trigger in triggers}
    yield (
        "Answers",
        [
            (Word.ACKNOWLEDGE, "Takes it on"),
            (Word.DECLINE, "Declines"),
            (Word.NOTE, "Writes a note"),
            (Word.RESOLVE, "Resolves it"),
            (Word.REOPEN, "Reopens it"),
            (Word.CANCEL, "Cancels it"),
        ],
    )
    yield "Calls others", [(Word.ASK, "Asks to respond as well"), (Word.REASSIGN, "Reassigns it")]
    levels = [(f"{Word.ESCALATE} L{number}", f"Escalates to level {number}") for number in range(1, 6)]
    yield "Escalates", [(Word.ESCALATE, "Escalates to the next level"), *levels]
    yield "Escalates because", [(f"{Word.ESCALATE} {key}", f"Escalates: {text}") for key, text in texts.items()]
    yield "Assesses the impact", [(f"{Word.IMPACT} {fact}", f"Impact: {texts.get(fact, fact)}") for fact in FACTS]
    holds = [(f"{Word.HOLD} {span}", f"Holds it for {in_words(durations.parse(span))}") for span in HOLDS]
    yield "Holds the escalation", [*holds, (Word.GO_ON, "Ends the hold")]
    roles = ResponseRole.objects.all()
    yield "Takes a role", [(f"{Word.TAKE} {role.key}", f"Takes {role.name}") for role in roles]
    active = Severity.objects.filter(is_active=True)
    yield "Changes the severity", [(f"{Word.SEVERITY} {each.code}", f"Severity becomes {each}") for each in active]
    chains = escalation.visible_policies(by)
    yield (
        "Reassigns to another chain",
        [(f"{Word.REASSIGN} {CHAIN} {each.pk}", f"Reassigns to the chain {each}") for each in chains],
    )
