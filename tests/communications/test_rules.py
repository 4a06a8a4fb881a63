from __future__ import annotations

import pytest

from apps.communications import rules
from apps.core.errors import Invalid


@pytest.mark.parametrize(
    "template",
    [
        "{titel}",
        "{title.__class__}",
        "{title[0]}",
        "{title!r}",
        "{title:>10}",
        "{0}",
        "{}",
        "{title",
        "title}",
    ],
)
def test_a_template_can_name_facts_and_nothing_else(template):
    with pytest.raises(Invalid):
        rules.check_placeholders(template)


def test_every_placeholder_is_understood():
    rules.check_placeholders(rules.understood())


def test_braces_in_a_fact_stay_what_they_are():
    assert rules.fill("{{{title}}}", {"title": "{url}"}) == "{{url}}"


@pytest.mark.parametrize(("text", "immediate"), [("immediately", True), ("30m", False), ("next_business_day", False)])
def test_only_what_is_due_at_once_is_sent_by_the_system(text, immediate):
    cadence = rules.Cadence.read(initial=text, every="", resolution="")
    assert rules.is_immediate(cadence.initial) is immediate


def test_a_severity_without_a_schedule_has_two_messages_and_none_between():
    assert rules.is_immediate(rules.UNSCHEDULED.initial)
    assert rules.UNSCHEDULED.every is None
    assert rules.is_immediate(rules.UNSCHEDULED.resolution)
