"""Verifies the house's own data, component by component; every finding says what it found where (R23)."""

from __future__ import annotations

import time

from apps.core.errors import Invalid
from apps.operation.integrity import permissions, rows, workflows
from apps.operation.integrity.findings import Check, Report

#: In this order they are looked at; what all of them share comes first.
COMPONENTS = ("people", "catalog", "rosters", "policy", "incidents")

_CHECKS = [
    *(Check(component, rows.differing_from_history) for component in COMPONENTS),
    *(Check(component, rows.referring_to_nothing) for component in COMPONENTS),
    Check("people", permissions.somebody_administrates),
    Check("people", permissions.grants_follow_memberships),
    Check("catalog", workflows.every_service_has_a_team),
    Check("rosters", workflows.somebody_is_on_call),
    Check("policy", workflows.every_severity_has_a_chain),
    Check("policy", workflows.an_incident_would_be_handled),
    Check("incidents", workflows.incidents_are_complete),
    Check("incidents", workflows.nobody_was_forgotten),
    Check("incidents", workflows.the_engine_goes_on),
    Check("incidents", workflows.record_fits_its_seals),
    Check("incidents", permissions.the_record_cannot_be_rewritten),
]


def verify(component: str) -> Report:
    """Look at ``component``, or at ``all``. Changes nothing. Raises Invalid for a component that there is not."""
    if component not in ("all", *COMPONENTS):
        raise Invalid(f'There is no component "{component}"; there are: all, {", ".join(COMPONENTS)}.')
    begun = time.monotonic()
    report = Report(component)
    for check in _CHECKS:
        if component in ("all", check.component):
            report.findings += check.look(check.component)
            report.checked += 1
    report.rows = sum(rows.count(each) for each in COMPONENTS if component in ("all", each))
    report.seconds = time.monotonic() - begun
    return report
