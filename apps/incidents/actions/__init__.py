"""Every change of an incident, one verb a function (design, law 3).

Each locks the incident's row, checks the rule and the person's right, writes, and records the timeline event, in one
transaction. ``by`` is the person, None where an alert or the engine acts; ``via`` says by which way.
"""

from apps.incidents.actions.checklists import tick, waive
from apps.incidents.actions.declaring import declare
from apps.incidents.actions.ending import (
    cancel,
    close,
    confirm_closure,
    merge,
    reopen,
    reopen_by_alert,
    resolve,
    resolve_by_alert,
    resolve_or_monitor,
    resolve_own,
)
from apps.incidents.actions.granting import give_access, take_access_back
from apps.incidents.actions.health import ask_for_health
from apps.incidents.actions.helping import accept_request, ask_responders, withdraw_request
from apps.incidents.actions.naming import name_candidate, name_expert
from apps.incidents.actions.records import add_note, assess_impact, describe, note_cause, record_resolution
from apps.incidents.actions.responding import (
    acknowledge,
    acknowledge_by_alert,
    change_severity,
    raise_severity_by_alert,
    transition,
)
from apps.incidents.actions.roles import assign_role, involve, involve_all
from apps.incidents.actions.runbooks import start_runbook
from apps.incidents.actions.watching import unwatch, watch

__all__ = [
    "accept_request",
    "acknowledge",
    "acknowledge_by_alert",
    "add_note",
    "ask_for_health",
    "ask_responders",
    "assess_impact",
    "assign_role",
    "cancel",
    "change_severity",
    "close",
    "confirm_closure",
    "declare",
    "describe",
    "give_access",
    "involve",
    "involve_all",
    "merge",
    "name_candidate",
    "name_expert",
    "note_cause",
    "raise_severity_by_alert",
    "record_resolution",
    "reopen",
    "reopen_by_alert",
    "resolve",
    "resolve_by_alert",
    "resolve_or_monitor",
    "resolve_own",
    "start_runbook",
    "take_access_back",
    "tick",
    "transition",
    "unwatch",
    "waive",
    "watch",
    "withdraw_request",
]
