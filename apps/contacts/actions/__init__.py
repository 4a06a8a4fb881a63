"""Writes of contacts, one verb a function."""

from apps.contacts.actions.endpoints import retire_endpoint, upsert_endpoint
from apps.contacts.actions.methods import (
    METHOD_DISABLED,
    add_method,
    disable_method,
    ensure_login_email,
    label_method,
    note_failure,
    note_success,
    opt_in,
    opt_out,
    order_methods,
    remove_method,
    require_self_or_administrator,
    verify_method,
)
from apps.contacts.actions.sheet import (
    Point,
    retire_emergency_contact,
    retire_external_contact,
    upsert_emergency_contact,
    upsert_external_contact,
)
from apps.contacts.actions.verifying import (
    CODE_REQUESTED,
    LIFETIME,
    WRONG_ALLOWED,
    code_of,
    confirm_code,
    note_unsent,
    request_code,
)

__all__ = [
    "CODE_REQUESTED",
    "LIFETIME",
    "METHOD_DISABLED",
    "WRONG_ALLOWED",
    "Point",
    "add_method",
    "code_of",
    "confirm_code",
    "disable_method",
    "ensure_login_email",
    "label_method",
    "note_failure",
    "note_success",
    "note_unsent",
    "opt_in",
    "opt_out",
    "order_methods",
    "remove_method",
    "request_code",
    "require_self_or_administrator",
    "retire_emergency_contact",
    "retire_endpoint",
    "retire_external_contact",
    "upsert_emergency_contact",
    "upsert_endpoint",
    "upsert_external_contact",
    "verify_method",
]
