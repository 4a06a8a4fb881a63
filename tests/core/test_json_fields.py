"""JSON that is typed into a form is refused beside its field, or can be stored and shown."""

from __future__ import annotations

import json

import pytest
from django import forms

from apps.core.json_fields import DEEPEST, JsonField


class JsonForm(forms.Form):
    said = JsonField()


@pytest.mark.parametrize(
    "said",
    [
        "{",
        "[" * 50_000,
        '{"a":' * 50_000,
        "[" * 900 + "]" * 900,
        "9" * 6_000,
        '["\\u0000"]',
        '{"\\ud800": 1}',
        "[NaN]",
        "-Infinity",
        '{"a": 1e400}',
    ],
    ids=lambda said: said[:8],
)
def test_what_cannot_be_kept_is_refused_and_shown_again_as_it_was(said):
    form = JsonForm({"said": said})
    assert form.errors["said"] == ["Enter a valid JSON."]
    assert form["said"].value() == said


@pytest.mark.parametrize("said", [{"a": [1, "ä", None]}, ["x"], 7, json.loads("[" * DEEPEST + "]" * DEEPEST)])
def test_what_can_is_kept(said):
    form = JsonForm({"said": json.dumps(said)})
    assert form.is_valid()
    assert form.cleaned_data["said"] == said
