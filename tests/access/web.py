"""What each page asks: route, method, right and object. A route that is missing here fails the test."""

from __future__ import annotations

from typing import Any

from apps.desk import incident_page, profile_page
from apps.incidents.models import Incident, Severity
from apps.teams.access import Permission, Right
from tests.access.asking import Ask, Only, Things

VIEW, RESPOND, COMMAND, MANAGE = Permission.VIEW, Permission.RESPOND, Permission.COMMAND, Permission.MANAGE
#: Whoever responds, and whoever manages.
EITHER = frozenset({RESPOND, MANAGE})
#: A time of next week, as a browser sends it.
STRETCH = {"start": "2026-03-11T10:00", "end": "2026-03-11T12:00"}

#: What everybody is to read, and that they are to read it.
PUBLISHED = {"name": "Slow", "status": "investigating", "impact": "minor", "message": "We look", "do": "publish"}

PUBLIC = Ask(Only.ANYBODY)
SIGNED_IN = Ask(Only.SIGNED_IN)
SIGNED = Ask(Only.SIGNED)
UNKNOWN = Ask(Only.UNKNOWN)
SIGNED_OUT = Ask(Only.LEAVES)


def read(of: str, **more: Any) -> dict[str, Ask]:
    """What is looked at by whoever sees the object."""
    return {"get": Ask(VIEW, of, **more)}


def done(right: Permission | Right | Only, of: str, /, **body: Any) -> dict[str, Ask]:
    """What is done to an object by a form, and shows itself where it is only looked at."""
    return {"get": Ask(VIEW, of), "post": Ask(right, of, body)}


def provisioned(of: str = "", *, more: tuple[str, ...] = ()) -> dict[str, Ask]:
    """What identity providers ask for."""
    return dict.fromkeys(("get", *more), Ask(Only.PROVISIONS, of))


def posted(right: Permission | Right | Only | frozenset[Permission], of: str = "", /, **body: Any) -> dict[str, Ask]:
    """What is done by a form alone."""
    return {"post": Ask(right, of, body)}


def _merge(things: Things) -> dict[str, Any]:
    return {"into": Incident(pk=things["incident"] + 1_000).reference}


def _person(**more: Any) -> Any:
    return lambda things: {"person": things["responder"].pk, **more}


def _oneself(things: Things) -> dict[str, Any]:
    return {"person": things["oneself"].pk, **STRETCH}


def _accepted(things: Things) -> dict[str, Any]:
    return {"severity": Severity.objects.get(code="P1").pk, "team": things["team"].pk}


def _another_severity(_: Things) -> dict[str, Any]:
    return {"severity": Severity.objects.get(code="P1").pk, "reason": "Worse"}


def _reassigned(things: Things) -> dict[str, Any]:
    return {"people": things["responder"].pk, "reason": "She knows it", "confirmed": str(things["responder"].pk)}


WEB: dict[str, dict[str, Ask]] = {
    # Probes and the way in
    "healthz": {"get": PUBLIC},
    "readyz": {"get": Ask(Only.ANYBODY, also=503)},  # no engine runs beside the test
    "metrics": {"get": PUBLIC},
    "security_txt": {"get": PUBLIC},
    "status_page": {"get": PUBLIC},
    "status_incident": {"get": Ask(Only.ANYBODY, "publication")},
    "status_feed": {"get": PUBLIC},
    "status_banner": {"get": PUBLIC},
    "status_banner_line": {"get": PUBLIC},
    "status_subscribe": {"post": Ask(Only.ANYBODY, body={"address": "reader@example.com"})},
    "status_confirm": {"get": UNKNOWN, "post": UNKNOWN},
    "status_unsubscribe": {"get": UNKNOWN, "post": PUBLIC},  # the link of who has left says so again
    "status_summary": {"get": PUBLIC},
    "status_status": {"get": PUBLIC},
    "status_components": {"get": PUBLIC},
    "status_incidents": {"get": PUBLIC},
    "status_maintenances": {"get": PUBLIC},
    "account_login": {"get": PUBLIC, "post": PUBLIC},
    "account_reset_password": {"get": PUBLIC, "post": PUBLIC},
    "account_reset_password_done": {"get": PUBLIC},
    "account_reset_password_from_key": {"get": PUBLIC, "post": PUBLIC},
    "account_reset_password_from_key_done": {"get": PUBLIC},
    "account_inactive": {"get": PUBLIC},
    "account_logout": {"get": SIGNED_OUT, "post": SIGNED_OUT},
    "account_reauthenticate": {"get": SIGNED_IN, "post": SIGNED_IN},
    "mfa_authenticate": {"get": SIGNED_OUT, "post": SIGNED_OUT},
    "mfa_login_webauthn": {"get": SIGNED_OUT, "post": SIGNED_OUT},
    "mfa_reauthenticate": {"get": SIGNED_IN, "post": SIGNED_IN},
    "confirm_elsewhere": {"get": Ask(Only.HIDDEN)},
    "mfa_reauthenticate_webauthn": {"get": SIGNED_IN, "post": SIGNED_IN},
    "socialaccount_login_cancelled": {"get": PUBLIC},
    "socialaccount_login_error": {"get": SIGNED_OUT},  # 401, whoever asks
    "socialaccount_signup": {"get": SIGNED_OUT, "post": SIGNED_OUT},
    "openid_connect_login": {"post": UNKNOWN},
    "openid_connect_callback": {"get": UNKNOWN},
    "service_worker": {"get": PUBLIC},
    # Identity providers
    "scim-config": provisioned(),
    "scim-schemas": provisioned(),
    "scim-schema": provisioned("schema of a resource"),
    "scim-resource-types": provisioned(),
    "scim-resource-type": provisioned("kind of resource"),
    "scim-users": provisioned(more=("post",)),
    "scim-user": provisioned("provisioned person", more=("put", "patch", "delete")),
    "scim-groups": provisioned(more=("post",)),
    "scim-group": provisioned("provisioned group", more=("put", "patch", "delete")),
    "scim-nowhere": provisioned(),
    # What is one's own
    "home": {"get": SIGNED_IN},
    "home_now": {"get": SIGNED_IN},
    "inbox": {"get": SIGNED_IN},
    "inbox_read": {"post": SIGNED_IN},
    "inbox_acknowledge": {"post": SIGNED_IN},
    "page_acknowledge": posted(Only.SIGNED_IN, "own page"),
    "page_decline": posted(Only.SIGNED_IN, "own page"),
    "direct_page": {"get": Ask(Only.SIGNED_IN, "own direct page")},
    "profile": {"get": SIGNED_IN, "post": SIGNED_IN},
    "profile_part": {"get": SIGNED_IN},
    "profile_steps": {"post": SIGNED_IN},
    "profile_steps_own": {"post": SIGNED_IN},
    "profile_steps_standard": {"post": SIGNED_IN},
    "profile_preferences": {"post": SIGNED_IN},
    "profile_test": {"post": SIGNED_IN},
    "pager": {"get": SIGNED_IN},
    "tokens": {"get": SIGNED_IN},
    "token_make": posted(Only.SIGNED_IN, name="ci", scope="read", days="7"),
    "token_rotate": posted(Only.SIGNED_IN, "own token", overlap="1"),
    "token_revoke": posted(Only.SIGNED_IN, "own token"),
    "service_accounts": {"get": Ask(MANAGE), "post": Ask(MANAGE)},
    "leaving": {"get": Ask(Right.ADMINISTRATE, "leaver"), "post": Ask(Right.ADMINISTRATE, "leaver")},
    "service_account_off": posted(MANAGE, "robot"),
    # One's own ways of signing in: those who knock have none but a password that nobody knows
    "mfa_index": {"get": SIGNED_IN},
    "account_change_password": {"get": SIGNED_IN, "post": SIGNED_IN},
    "account_set_password": {"get": SIGNED_IN, "post": SIGNED_IN},
    "provider_add": {"get": Ask(Only.HIDDEN)},
    "provider_remove": {"get": Ask(Only.HIDDEN), "post": Ask(Only.HIDDEN)},
    "mfa_add_webauthn": {"get": SIGNED_IN, "post": SIGNED_IN},
    "mfa_remove_webauthn": {"get": Ask(Only.HIDDEN), "post": Ask(Only.HIDDEN)},
    "mfa_activate_totp": {"get": SIGNED_IN, "post": SIGNED_IN},
    "mfa_deactivate_totp": {"get": Ask(Only.HIDDEN), "post": Ask(Only.HIDDEN)},
    "mfa_view_recovery_codes": {"get": Ask(Only.HIDDEN)},
    "mfa_generate_recovery_codes": {"get": SIGNED_IN, "post": SIGNED_IN},
    "mfa_download_recovery_codes": {"get": Ask(Only.HIDDEN)},
    "invitations": {"get": Ask(MANAGE), "post": Ask(MANAGE)},
    "factors_reset": {"get": Ask(Right.ADMINISTRATE, "person"), "post": Ask(Right.ADMINISTRATE, "person")},
    "invitation_take_back": posted(MANAGE, "invitation"),
    "invitation": {"get": UNKNOWN, "post": UNKNOWN},
    "session_end": {"post": Ask(Only.HIDDEN)},
    "sessions_end_others": {"post": SIGNED_IN},
    "method_add": {"post": SIGNED_IN},
    "method_add_browser": {"post": SIGNED_IN},
    "method_code": posted(Only.SIGNED_IN, "own method"),
    "method_verify": posted(Only.SIGNED_IN, "own method"),
    "method_label": posted(Only.SIGNED_IN, "own method"),
    "method_up": posted(Only.SIGNED_IN, "own method"),
    "method_remove": posted(Only.SIGNED_IN, "own method"),
    "push_key": {"get": Ask(Only.HIDDEN)},  # no push messages are sent from here
    "shifts": {"get": SIGNED_IN, "post": SIGNED_IN},
    "absence_remove": posted(Only.SIGNED_IN, "own leave"),
    "calendar_make": {"post": Ask(Only.SIGNED_IN, body={"kind": "person"})},
    "calendar_revoke": posted(Only.SIGNED_IN, "own feed"),
    # Personal data
    "privacy_own": {"get": SIGNED_IN},
    "privacy_take_own": {"post": SIGNED_IN},
    "privacy_person": {"get": Ask(Right.ADMINISTRATE, "person to administrate")},
    "privacy_take": posted(Right.ADMINISTRATE, "person to administrate", reason="They asked"),
    "privacy_erase": posted(Right.ADMINISTRATE, "person to administrate"),
    # Lists, each of what one may see
    "incidents": {"get": SIGNED_IN},
    "oncall": {"get": SIGNED_IN},
    "coverage": {"get": SIGNED_IN},
    "coverage_pay": {"get": Ask(Only.SIGNED_IN, query="from=2026-02-01&to=2026-03-01")},
    "rosters": {"get": PUBLIC},
    "policies": {"get": SIGNED_IN},
    "services": {"get": SIGNED_IN},
    "maintenance": {"get": SIGNED_IN, "post": Ask(EITHER)},
    "contacts": {"get": SIGNED_IN},
    "postmortems": {"get": SIGNED_IN},
    "action_items": {"get": SIGNED_IN},
    "integrations": {"get": SIGNED_IN},
    "rehearse": {"get": SIGNED_IN},
    "procedures": {"get": Ask(Right.DIRECTORY)},
    "procedures_revision": {"get": Ask(Right.DIRECTORY, "revision of the procedures")},
    # Incidents
    "declare": {"get": SIGNED_IN, "post": Ask(RESPOND)},
    "page": {"get": Ask(RESPOND), "post": Ask(RESPOND)},
    "incident": read("incident"),
    "incident_part": read("incident"),
    "incident_pulse": read("incident"),
    "incident_timeline": read("incident"),
    "incident_history": read("incident"),
    "incident_report": read("incident in a form"),
    "incident_impact": {"get": Ask(VIEW, "incident"), "post": Ask(RESPOND, "incident", {"data_integrity": "unknown"})},
    "incident_acknowledge": done(RESPOND, "incident"),
    "incident_transition": done(RESPOND, "incident", to="investigating"),
    "incident_resolve": done(RESPOND, "incident"),
    "incident_confirm_closure": done(RESPOND, "incident"),
    "incident_close": done(RESPOND, "incident"),
    "incident_reopen": done(RESPOND, "incident", reason="Again"),
    "incident_cancel": done(RESPOND, "incident", reason="A false alarm"),
    "incident_merge": {"get": Ask(VIEW, "incident"), "post": Ask(Only.HIDDEN, "incident", _merge)},
    "incident_severity": {"get": Ask(VIEW, "incident"), "post": Ask(RESPOND, "incident", _another_severity)},
    "incident_escalate": done(RESPOND, "incident", level=2, reason="Now"),
    "incident_escalate_confirm": {"get": Ask(RESPOND, "incident", query="level=2")},
    "incident_hold": done(RESPOND, "incident", minutes=30),
    "incident_end_hold": done(RESPOND, "incident"),
    "incident_role": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(RESPOND, "incident", _person(role="technical_lead")),
    },
    "incident_decline": done(Only.NOBODY, "incident"),
    "incident_escalate_now": done(Only.NOBODY, "incident"),
    "incident_watch": done(VIEW, "incident", watch="on"),
    "incident_access": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(COMMAND, "incident", _person(reason="She knows the case")),
    },
    "incident_access_take_back": {"get": Ask(VIEW, "grant"), "post": Ask(COMMAND, "grant")},
    "incident_ask": {"get": Ask(RESPOND, "incident"), "post": Ask(RESPOND, "incident")},
    "incident_request": {
        "get": Ask(VIEW, "incident"),
        "post": Ask(RESPOND, "request", {"answer": "withdraw"}),
    },
    "step_retry": {"get": Ask(VIEW, "step"), "post": Ask(RESPOND, "step")},
    "incident_reassign": {"get": Ask(RESPOND, "incident"), "post": Ask(RESPOND, "incident", _reassigned)},
    "report": {"get": SIGNED_IN, "post": Ask(Only.SIGNED_IN, body={"title": "Nothing loads"})},
    "report_state": {"get": UNKNOWN},
    "reports": {"get": SIGNED_IN},
    "report_accept": {"post": Ask(RESPOND, "report", _accepted)},
    "report_attach": {"post": Ask(RESPOND, "report", {"into": "INC-999999"})},
    "report_reject": {"post": Ask(RESPOND, "report", {"answer": "As it should be"})},
    "incident_cause": done(RESPOND, "incident", about="errors", text="Timeouts since ten"),
    "incident_runbook": {"get": Ask(VIEW, "runbook"), "post": Ask(RESPOND, "runbook")},
    "incident_seen": {"get": Ask(VIEW, "incident"), "post": Ask(RESPOND, "checklist", {"seen": "All pods run"})},
    "incident_health": done(RESPOND, "incident"),
    "incident_note": done(RESPOND, "incident", text="A note"),
    "incident_describe": done(RESPOND, "incident", title="Better", summary="Said"),
    "incident_update": done(RESPOND, "incident", message="We are on it"),
    "incident_publish": {"get": Ask(COMMAND, "incident"), "post": Ask(COMMAND, "incident", PUBLISHED)},
    "social_post_propose": posted(COMMAND, "incident", text="We look into it"),
    "social_post_decide": posted(COMMAND, "social post"),
    "incident_take_off": posted(COMMAND, "incident", reason="The wrong one"),
    "incident_fix": done(RESPOND, "incident", reference="hotfix/1"),
    "incident_tick": {"get": Ask(VIEW, "incident"), "post": Ask(RESPOND, "checklist", {"done": "on"})},
    "incident_waive": {"get": Ask(VIEW, "incident"), "post": Ask(COMMAND, "checklist", {"reason": "Not needed"})},
    # Rosters
    "roster": {"get": Ask(VIEW, "roster"), "post": Ask(EITHER, "roster", _oneself)},
    "override_remove": posted(MANAGE, "override"),
    "roster_handover": posted(RESPOND, "roster", text="All quiet"),
    "shadow_add": {"get": Ask(VIEW, "roster"), "post": Ask(EITHER, "roster", _oneself)},
    "shadow_remove": posted(MANAGE, "shadow"),
    "shift_take": posted(EITHER, "shift"),
    "swap_ask": {"get": Ask(Only.HIDDEN, "shift"), "post": Ask(Only.HIDDEN, "shift")},
    "swap_accept": posted(Only.NOBODY, "swap"),
    "swap_refuse": posted(Only.NOBODY, "swap"),
    "swap_withdraw": posted(MANAGE, "swap"),
    "calendar": {"get": UNKNOWN},
    # Policies, services
    "policy_new": {"get": Ask(MANAGE), "post": Ask(MANAGE)},
    "policy": read("policy"),
    "policy_edit": {"get": Ask(MANAGE, "policy"), "post": Ask(MANAGE, "policy")},
    "policy_delete": posted(MANAGE, "policy"),
    "maintenance_end": posted(EITHER, "window"),
    "maintenance_change": posted(EITHER, "window", ends_at="2026-03-09T12:00"),
    # The record
    "audit": {"get": Ask(Right.AUDIT)},
    "audit_save": {"post": Ask(Right.AUDIT, body={"name": "Mine", "query": "verb=note"})},
    "audit_forget": posted(Only.SIGNED_IN, "own view"),
    "audit_incident": read("incident"),
    # Reviews
    "postmortem": {"get": Ask(VIEW, "resolved"), "post": Ask(RESPOND, "resolved", {"summary": "What happened"})},
    "postmortem_finish": posted(RESPOND, "resolved"),
    "action_item_add": {
        "post": Ask(
            RESPOND,
            "resolved",
            lambda things: {
                "action": "Do it",
                "kind": "technical",
                "priority": "high",
                "owner": things["responder"].pk,
                "due_date": "2026-03-30",
            },
        )
    },
    "improvement_add": {
        "post": Ask(
            RESPOND,
            "resolved",
            {"title": "Disks", "kind": "runbook", "url": "https://docs.example.com/disks"},
        )
    },
    "improvement_withdraw": posted(RESPOND, "improvement"),
    "action_item_done": posted(RESPOND, "actionitem"),
    "action_item_ticket": posted(RESPOND, "actionitem"),
    # What proves itself by a token or a signature
    "acknowledge": {"get": UNKNOWN, "post": UNKNOWN},
    "twilio_sms": {"post": SIGNED},
    "twilio_sms_status": {"post": SIGNED},
    "twilio_voice": {"post": SIGNED},
    "twilio_voice_key": {"post": SIGNED},
    "twilio_voice_status": {"post": SIGNED},
    "slack_interactive": {"post": SIGNED},
    "slack_command": {"post": SIGNED},
    "push_acknowledge": {"post": PUBLIC},
    "push_decline": {"post": PUBLIC},
}
#: Which parts of pages are loaded by themselves.
PARTS = {"incident_part": tuple(incident_page.PARTS), "profile_part": tuple(profile_page.PARTS)}
#: What else addresses name: an urgency, a token that nobody has.
NAMED = {
    "urgency": "high",
    "token": "unknown",
    "provider_id": "unknown",
    "uidb36": "1",
    "pk": 0,
    "key": "00000000-0000-0000-0000-000000000000",
    "asked": 1,
    "item": 1,
}
