"""The procedures file: what it says, and what is said about one that is wrong."""

from __future__ import annotations

import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from jsonschema import Draft202012Validator

from apps.core.errors import Invalid
from apps.procedures import export, reading, schema, structure
from apps.procedures.document import Document
from apps.procedures.problems import InvalidDocument

FILE = Path(__file__).parents[2] / "procedures" / "ado.yml"
ADO = FILE.read_text(encoding="utf-8")
ACKNOWLEDGED, RESOLVED = "acknowledged", "resolved"


def problems_of(text: str | bytes) -> list[str]:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(InvalidDocument) as caught:
        reading.parse(content, name="ado.yml")
    return caught.value.lines()


def edited(old: str, new: str) -> str:
    assert old in ADO, f"{old!r} is not in the file any more"
    return ADO.replace(old, new, 1)


def test_the_ado_procedures_are_valid():
    document = reading.load(FILE)
    assert (document.version, document.last_updated, document.next_review, document.owner) == (
        "1.0",
        date(2024, 1, 29),
        date(2024, 4, 29),
        "Incident Response Team",
    )


@pytest.mark.parametrize(
    ("severity", "response", "resolution"),
    [
        ("P0", timedelta(minutes=15), timedelta(hours=2)),
        ("P1", timedelta(minutes=30), timedelta(hours=4)),
        ("P2", timedelta(hours=2), timedelta(hours=24)),
        ("P3", timedelta(hours=8), timedelta(hours=72)),
    ],
)
def test_targets_are_those_of_the_source_document(severity, response, resolution):
    said = reading.load(FILE).severities[severity]
    assert (said.response, said.resolution) == (response, resolution)


@pytest.mark.parametrize(
    ("severity", "levels"),
    [
        (
            "P0",
            [(1, 0, ACKNOWLEDGED), (2, 15, ACKNOWLEDGED), (3, 60, RESOLVED), (4, 120, RESOLVED), (5, 240, RESOLVED)],
        ),
        (
            "P1",
            [(1, 0, ACKNOWLEDGED), (2, 30, ACKNOWLEDGED), (3, 120, RESOLVED), (4, 240, RESOLVED), (5, 480, RESOLVED)],
        ),
        ("P2", [(1, 0, ACKNOWLEDGED), (2, 120, ACKNOWLEDGED), (3, 480, RESOLVED)]),
        ("P3", [(1, 0, ACKNOWLEDGED), (2, 480, ACKNOWLEDGED)]),
    ],
)
def test_chains_are_those_of_the_requirements(severity, levels):
    chain = reading.load(FILE).escalation[severity]
    assert [(level.level, level.after / timedelta(minutes=1), level.unless) for level in chain] == levels


def test_a_copy_with_seconds_for_minutes_is_valid():
    hurried = reading.parse(re.sub(r"\b(\d+)m$", r"\1s", ADO, flags=re.MULTILINE).encode(), name="ado.yml")
    assert hurried.severities["P0"].response == timedelta(seconds=15)
    assert hurried.escalation["P0"][1].after == timedelta(seconds=15)


def test_the_schema_is_a_json_schema_that_the_file_names_for_editors():
    published = json.loads(schema.schema_file().read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(published)
    assert ADO.startswith("# yaml-language-server: $schema=schema.json\n")
    assert (FILE.parent / "schema.json") == schema.schema_file()


def test_every_property_of_the_schema_is_explained():
    def unexplained(node: object, path: str) -> list[str]:
        if not isinstance(node, dict):
            return []
        found = [
            f"{path}.{name}"
            for name, said in node.get("properties", {}).items()
            if not {"description", "$ref"} & said.keys()
        ]
        return found + [each for key, child in node.items() for each in unexplained(child, f"{path}.{key}")]

    assert unexplained(json.loads(schema.schema_file().read_text(encoding="utf-8")), "") == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "after: 15m",
            "after: 15 minutes",
            'escalation.P0[1].after: expected a duration such as 15m, 2h or 5d, got "15 minutes"',
        ),
        ("after: 15m", "after: 99999d", "escalation.P0[1].after: expected a duration of at most ten years"),
        ('version: "1.0"', "version: 1.0", "version: expected a text that is not empty, in quotes where"),
        ("last_updated: 2024-01-29", "last_updated: 2024-02-30", "last_updated: expected a date such as 2024-01-29"),
        ("next_review: 2024-04-29", "next_review: 2024-01-29", "next_review: expected a date after last_updated"),
        ("time_zone: America/New_York", "time_zone: Mars/Base", "business_calendar.time_zone: expected an IANA time"),
        ("holidays: US", "holidays: Mars", "business_calendar.holidays: expected the two-letter code of a country"),
        ('end: "17:00"', 'end: "08:00"', "business_calendar.end: expected a time after start, 09:00"),
        ("email: cto@terragon.com", "email: CTO@terragon.com", "escalation_contacts.cto.email: expected an email"),
        ("email: cto@terragon.com", "slack: '@cto'", "escalation_contacts.cto: expected an email or a pager"),
        ("- contact: cto", "- contact: coo", "escalation.P0[3].targets[0].contact: expected a key of incident_con"),
        ("- role: commander", "- role: captain", "escalation.P0[1].targets[1].role: expected a key of roles"),
        ("- oncall: team", "- oncall: nobody", 'escalation.P0[0].targets[0].oncall: expected team, got "nobody"'),
        ("- level: 3", "- level: 2", "escalation.P0[2].level: expected a level above 2"),
        ("- level: 5", "- level: 6", "escalation.P0[4].level: expected a level from 1 to 5, got 6"),
        ("after: 1h", "after: 1m", "escalation.P0[2].after: expected at least the time of level 2"),
        ("response: 15m", "response: 3h", "severities.P0.response: expected at most the resolution target"),
        ("auto_resolve: true", "auto_resolve: yes", 'severities.P3.auto_resolve: expected true or false, got "yes"'),
        ("contact: technical_lead", "contact: nobody", "roles.technical_lead.candidates[0].contact: expected a key"),
        ("level: 3\n  revenue", "level: 9\n  revenue", "triggers.several_customers.level: expected a level from 1"),
        ("kind: technical", "kind: social", "triggers.cause_unclear.kind: expected impact or technical"),
        ("every: 30m", "every: often", "communication.schedule.P0.every: expected a duration such as 15m, 2h or 5d, o"),
        ("response: 15m", "response: 0m", "severities.P0.response: expected more than no time"),
        ("every: 30m", "every: 0m", "communication.schedule.P0.every: expected more than no time"),
        ("every: 30m", "every: immediately", "communication.schedule.P0.every: expected more than no time"),
        ("    within: 15m", "    within: 0s", "checklists.initial.within: expected more than no time"),
        ("  within: 24h", "  within: 0h", "closure.within: expected more than no time"),
        ("within: 5d", "within: 0d", "review.within: expected more than no time"),
        ("{reference} declared", "{refrence} declared", "communication.templates.internal.initial.any.subject: "),
        ("{reference} declared", "{reference declared", "communication.templates.internal.initial.any.subject: "),
        ("gate: resolved", "gate: acknowledged", "checklists.immediate.items.functionality_restored.gate: expected"),
        ("metrics_normal:", "health_check:", "checklists.immediate.items.health_check: stands in another checklist"),
        ("severity: as_written", "severity: P7", "alerts.severity_rules[0].severity: expected one of"),
        ("values: [P0, P1", "values: [P0, high", "alerts.severity_rules[0].values[1]: expected the key of a severity"),
        ("    P5: P3", "    P6: P3", "alerts.opsgenie_priorities.P6: expected an Opsgenie priority from P1 to P5"),
    ],
)
def test_a_mistake_is_named_with_file_line_place_and_what_was_expected(old, new, problem):
    text = edited(old, new)
    (line, *others) = problems_of(text)
    assert others == []
    number, _, said = line.removeprefix("ado.yml:").partition(": ")
    assert said.startswith(problem)
    place = text.splitlines()[int(number) - 1]
    assert new.splitlines()[0].strip() in place or re.match(r"\s+cto:$", place)


def test_every_mistake_is_named_at_once_in_the_order_of_lines():
    text = edited("response: 15m", "response: quick").replace("label: High", "lable: High", 1)
    said = problems_of(text)
    assert [line.split(": ")[1] for line in said] == ["severities.P0.response", "severities.P1", "severities.P1.lable"]
    assert said[1].endswith("missing: label")
    assert said[2].endswith("unknown key; did you mean label?")


def test_a_chain_begins_with_level_1():
    assert "escalation.P0[0].level: expected level 1 first, got 2" in "\n".join(
        problems_of(edited("- level: 1", "- level: 2"))
    )


def test_a_resolution_target_of_nothing_is_refused():
    said = "\n".join(problems_of(edited("resolution: 2h", "resolution: 0h")))
    assert "severities.P0.resolution: expected more than no time" in said


def test_a_first_level_that_lets_people_wait_is_pointed_out_and_allowed(tmp_path, capsys):
    file = tmp_path / "slow.yml"
    file.write_text(edited("after: 0m", "after: 5m"), encoding="utf-8")
    call_command("procedures", "check", str(file))
    out, err = capsys.readouterr()
    line = next(number for number, text in enumerate(file.read_text().splitlines(), 1) if "after: 5m" in text)
    assert err.startswith(f"Warning: {file}:{line}: escalation.P0[0].after: nobody is paged for 5m")
    assert "valid, version 1.0" in out
    call_command("procedures", "check", str(file), "--json")
    (warning,) = json.loads(capsys.readouterr().out)["warnings"]
    assert (warning["line"], warning["path"]) == (line, "escalation.P0[0].after")


def test_the_ado_procedures_are_without_a_warning():
    assert reading.check(FILE).warnings == ()


def test_a_severity_without_chain_or_schedule_is_named():
    text = ADO + "\n"
    text = text.replace("  P3:\n    - level: 1", "  P4:\n    - level: 1", 1)
    said = problems_of(text)
    assert any("escalation: missing: P3, which is a severity" in line for line in said)
    assert any("escalation.P4: expected a key of severities: P0, P1, P2, P3" in line for line in said)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("title: [1, 2\nversion: 1", 2, "not valid YAML"),
        ("title: a\ntitle: b", 2, "stands twice, first on line 1"),
        ("title: &a [x]\nowner: *a", 1, "anchors and aliases are not allowed"),
        ("title: !!python/object:os.system x", 1, "tags are not allowed"),
        ("title: a\n---\ntitle: b", 2, "expected one document"),
        ("- a\n- b", 1, "expected keys and values"),
        ("", 1, "expected keys and values, got null"),
        ("a: " + "[" * 100_000, 1, "nested deeper than 12 levels"),
        ('title: "a\\0b"', 1, "holds a character that no database stores"),
        ("? [a, b]\n: c", 1, "expected a plain text as key"),
        (b"title: \xff", 1, "expected UTF-8 text"),
        (b"#" * (1024 * 1024 + 1), 1, "expected at most 1 MiB"),
    ],
)
def test_what_is_no_procedures_file_at_all_is_refused(text, line, problem):
    said = problems_of(text)
    assert any(each.startswith(f"ado.yml:{line}: ") and problem in each for each in said), said


def test_a_billion_laughs_are_refused_before_they_expand():
    levels = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10))
    assert "anchors and aliases are not allowed" in problems_of(f"a0: &a0 [lol]\n{levels}")[0]


def test_a_file_that_is_not_there_is_said_to_be(tmp_path):
    with pytest.raises(Invalid, match=r"nowhere\.yml: cannot be read: No such file"):
        reading.load(tmp_path / "nowhere.yml")


def test_plain_data_and_yaml_lose_nothing():
    document = reading.load(FILE)
    assert structure.build(Document, json.loads(json.dumps(structure.plain(document)))) == document
    assert reading.parse(export.to_yaml(document).encode(), name="export") == document
