"""Which forms edit what others may edit at the same time, and which only do something."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.urls import reverse

from apps.incidents.models import Incident
from tests.access.asking import Things

INCIDENT: Callable[[Things], str] = lambda things: Incident(pk=things["incident"]).get_absolute_url()  # noqa: E731


@dataclass(frozen=True)
class Edit:
    """A form of a page: on which page it stands, to where it sends, and which of its fields is typed into.

    ``own``: it edits what is the person's own, so that the other session is theirs too. ``button``: what is pressed
    with it. ``typed``: what the two type, where not any text will do. ``again``: the form itself is shown again with
    what was typed; otherwise that stands beside it. ``told``: how what was
    and what is are said, if not by these values.
    """

    page: Callable[[Things], str]
    sends_to: Callable[[Things], str] | None
    field: str
    own: bool = False
    button: tuple[str, str] | None = None
    typed: tuple[str, str] = ("Typed by the first", "Typed by the second")
    again: bool = True
    told: tuple[str, str] | None = None


def _of_incident(name: str) -> Callable[[Things], str]:
    return lambda things: reverse(name, args=[things["incident"]])


def _named(name: str, *kinds: str) -> Callable[[Things], str]:
    return lambda things: reverse(name, args=[things[kind] for kind in kinds])


def _at(name: str, *args: Any) -> Callable[[Things], str]:
    return lambda _: reverse(name, args=args)


def _review(things: Things) -> str:
    return reverse("postmortem", args=[things["resolved"]])


EDITS: dict[str, Edit] = {
    "incident_describe": Edit(INCIDENT, _of_incident("incident_describe"), "summary"),
    "incident_fix": Edit(INCIDENT, _of_incident("incident_fix"), "reference"),
    "incident_impact": Edit(_of_incident("incident_impact"), None, "note"),
    "postmortem": Edit(_review, None, "summary"),
    "policy_edit": Edit(_named("policy_edit", "policy"), None, "level-0-name", button=("do", "save")),
    "maintenance_change": Edit(
        _at("maintenance"),
        _named("maintenance_change", "window"),
        "ends_at",
        typed=("2026-03-09T12:00", "2026-03-09T13:00"),
    ),
    "profile": Edit(_at("profile"), _at("profile"), "name", own=True),
    "profile_preferences": Edit(
        _at("profile"), _at("profile_preferences"), "quiet_from", own=True, typed=("21:00", "22:00")
    ),
    "profile_steps": Edit(
        _at("profile"),
        _at("profile_steps", "high"),
        "high-0-minutes",
        own=True,
        typed=("7", "8"),
        told=("after 3 min", "after 7 min"),
    ),
    "method_label": Edit(_at("profile"), _named("method_label", "method"), "label", own=True, again=False),
}

#: What is done once and adds to what is there, or answers for itself: no text of somebody else is written over.
DEEDS = frozenset(
    {
        "account_login", "account_logout", "account_reset_password", "account_reset_password_from_key", "leaving",
        "factors_reset", "privacy_take", "privacy_take_own", "privacy_erase",
        "account_reauthenticate", "mfa_authenticate", "mfa_login_webauthn",
        "mfa_reauthenticate", "mfa_reauthenticate_webauthn", "socialaccount_signup",
        "openid_connect_login", "scim-users", "scim-groups", "inbox_read", "inbox_acknowledge", "page_acknowledge",
        "page_decline", "profile_steps_own", "profile_steps_standard", "profile_test", "token_make", "token_rotate",
        "token_revoke", "service_accounts", "service_account_off", "account_change_password", "account_set_password",
        "mfa_add_webauthn", "mfa_remove_webauthn", "provider_remove", "mfa_activate_totp", "mfa_deactivate_totp",
        "mfa_generate_recovery_codes", "invitations", "invitation_take_back", "invitation", "session_end",
        "sessions_end_others", "method_add", "method_add_browser", "method_code", "method_verify", "method_up",
        "method_remove", "shifts", "absence_remove", "calendar_make", "calendar_revoke", "maintenance", "declare",
        "page", "incident_acknowledge", "incident_transition", "incident_resolve", "incident_confirm_closure",
        "incident_close", "incident_reopen", "incident_cancel", "incident_merge", "incident_severity",
        "incident_escalate", "incident_hold", "incident_end_hold", "incident_role", "incident_decline",
        "incident_escalate_now", "incident_watch", "incident_access", "incident_access_take_back", "incident_ask",
        "incident_request", "incident_reassign", "incident_note", "incident_update", "incident_publish",
        "incident_take_off", "incident_tick", "incident_waive", "step_retry", "incident_health", "incident_cause",
        "incident_runbook", "incident_seen", "report", "report_accept", "report_attach", "report_reject",
        "status_subscribe", "status_confirm", "status_unsubscribe", "social_post_propose",
        "social_post_decide",
        "roster", "override_remove", "roster_handover", "shadow_add", "shadow_remove", "shift_take", "swap_ask",
        "swap_accept", "swap_refuse", "swap_withdraw", "policy_new", "policy_delete", "maintenance_end", "audit_save",
        "audit_forget", "postmortem_finish", "action_item_add", "action_item_done", "action_item_ticket",
        "improvement_add", "improvement_withdraw", "acknowledge", "twilio_sms", "twilio_sms_status", "twilio_voice",
        "twilio_voice_key", "twilio_voice_status",
        "slack_interactive", "slack_command", "push_acknowledge", "push_decline",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Row:
    """A row's page in the admin: the field that is typed into, and what, where not any text will do.

    ``also``: what has to be filled in before it is saved.
    """

    field: str
    typed: tuple[str, str] = ("Typed by the first", "Typed by the second")
    also: Mapping[str, str] = field(default_factory=dict)


ROWS: dict[str, Row] = {
    "teams.user": Row("name"),
    "teams.team": Row("name"),
    "identity.providergroup": Row("name"),
    "contacts.contactmethod": Row("label"),
    "contacts.webhookendpoint": Row("name"),
    "contacts.emergencycontact": Row("name"),
    "contacts.externalcontact": Row("name"),
    "incidents.severity": Row("label"),
    "incidents.procedures": Row(
        "title",
        also={"areas": '["api"]', "tools": '{"chat": "Chat"}', "closure_steps": '["Ask"]', "verification": '["Look"]'},
    ),
    "incidents.responserole": Row("name", also={"responsibilities": '["Commands"]'}),
    "incidents.expert": Row("title"),
    "incidents.checklisttemplateitem": Row("text"),
    "alerts.severityrule": Row("labels", ('["first"]', '["second"]')),
    "alerts.alertsettings": Row("service_label", ("first", "second")),
    "escalation.trigger": Row("text"),
    "communications.updateschedule": Row("every", ("20m", "25m")),
    "communications.messagetemplate": Row("body"),
    "communications.component": Row("name"),
    "postmortems.reviewquestion": Row("text"),
    "catalog.service": Row("description"),
    "catalog.maintenancewindow": Row("message"),
    "catalog.healthcheck": Row("expected_text"),
    "rosters.roster": Row("name"),
    "alerts.integration": Row("name"),
    "alerts.changerule": Row("value"),
    "integrations.connection": Row("told_host", ("first@example.com", "second@example.com")),
    "alerts.heartbeat": Row("name"),
    "escalation.policy": Row("levels-0-name"),
}
