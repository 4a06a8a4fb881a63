"""The forms by which an incident is published on the status page, and taken off."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from apps.communications.models import LONGEST_POST, Component, ComponentStatus, PublicImpact, PublicStatus
from apps.communications.models.status_page import LONGEST_NAME
from apps.communications.status_page.actions import LONGEST_REASON
from apps.communications.status_page.rules import Notice
from apps.desk.forms.told import ToldForm

_COMPONENT = "component_"


class PublishForm(ToldForm):
    """What everybody is to read: the words, and how each component is that is affected."""

    name = forms.CharField(max_length=LONGEST_NAME, label="Name for everybody", help_text="What customers notice.")
    status = forms.ChoiceField(choices=PublicStatus.choices)
    impact = forms.ChoiceField(choices=PublicImpact.choices)
    message = forms.CharField(max_length=20_000, widget=forms.Textarea(attrs={"rows": 6}))
    update = forms.IntegerField(required=False, min_value=1, widget=forms.HiddenInput)
    after = forms.IntegerField(required=False, min_value=0, widget=forms.HiddenInput)

    def __init__(self, *args: Any, components: Iterable[Component], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", "Not affected"), *ComponentStatus.choices]
        for component in components:
            self.fields[f"{_COMPONENT}{component.pk}"] = forms.ChoiceField(
                choices=choices, required=False, label=component.name
            )

    @property
    def notice(self) -> Notice:
        """What was entered."""
        known = self.cleaned_data
        components = {
            int(field.removeprefix(_COMPONENT)): status
            for field, status in known.items()
            if field.startswith(_COMPONENT) and status
        }
        return Notice(known["name"], known["status"], known["impact"], known["message"], components, known["after"])

    def go_on_from(self, last: int) -> None:
        """Let it be sent once more, by who was told now that ``last`` was published meanwhile."""
        self.data = {**dict(self.data.items()), "after": last}

    @staticmethod
    def affected(statuses: dict[int, str]) -> dict[str, str]:
        """The statuses of components as the form begins with them."""
        return {f"{_COMPONENT}{component}": status for component, status in statuses.items()}


class TakeOffForm(ToldForm):
    reason = forms.CharField(max_length=LONGEST_REASON, widget=forms.Textarea(attrs={"rows": 2}))


class SocialPostForm(ToldForm):
    text = forms.CharField(
        max_length=LONGEST_POST, widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is to be said in social media; the address of the status page's entry goes with it.",
    )  # fmt: skip
