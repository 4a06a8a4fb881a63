"""What gives access away or changes it asks again who it is; whatever else writes says here why it does not.

The names are those of routes; a star stands for any end of a name.
"""

from __future__ import annotations

#: Doors that ask, by method.
ASKS: dict[str, tuple[str, ...]] = {
    "tokens": ("get",),
    "token_make": ("post",),
    "token_rotate": ("post",),
    "service_accounts": ("get", "post"),
    "invitations": ("get", "post"),
    "invitation_take_back": ("post",),
    "factors_reset": ("get", "post"),
    "leaving": ("get", "post"),
    "privacy_own": ("get",),
    "privacy_take_own": ("post",),
    "privacy_person": ("get",),
    "privacy_take": ("post",),
    "privacy_erase": ("post",),
    "calendar_make": ("post",),
    "coverage_pay": ("get",),
    "method_add": ("post",),
    "method_add_browser": ("post",),
    "method_remove": ("post",),
    "mfa_add_webauthn": ("get", "post"),
    "mfa_remove_webauthn": ("get", "post"),
    "provider_remove": ("get", "post"),
    "mfa_activate_totp": ("get", "post"),
    "mfa_deactivate_totp": ("get", "post"),
    "mfa_view_recovery_codes": ("get",),
    "mfa_generate_recovery_codes": ("get", "post"),
    "mfa_download_recovery_codes": ("get",),
    "api-token-list": ("post",),
    "api-token-rotate": ("post",),
    "api-calendar-feed-list": ("post",),
    "api-own-method-list": ("post",),
    "api-own-method-detail": ("delete",),
    "api-team-list": ("post",),
    "api-team-detail": ("patch",),
    "api-pay-csv": ("get",),
}
#: Why the others write without.
REASONS: dict[str, tuple[str, ...]] = {
    "work on an incident, which nothing may hold up; who may see a private one is its commander's to say at night": (
        "incident_*", "api-incident-*", "declare", "page", "page_*", "api-page-list", "acknowledge", "push_*",
        "inbox_*", "api-own-page-*", "step_retry", "social_post_*", "report*", "api-report-*",
        "postmortem*", "api-postmortem-*", "action_item_*", "api-action-item-*", "improvement_*", "api-improvement-*",
    ),
    "who is on call and for what: kept for all to see, told to whom it concerns, and no way in": (
        "roster*", "api-roster-*", "override_remove", "api-layer-table-*", "api-override-table-*", "shadow_*",
        "api-shadow-*", "shift*", "swap_*", "api-swap-*", "absence_remove", "api-absence-*", "policy_*",
        "maintenance*", "api-maintenance-*", "api-service-*", "api-health-check-*",
    ),
    "takes access away, which never waits": (
        "token_revoke", "api-token-detail", "service_account_off", "calendar_revoke", "api-calendar-feed-detail",
        "session_end", "sessions_end_others", "account_logout",
    ),
    "proves itself by what is sent: a password, a code, a key, a link or a signature": (
        "account_login", "account_reauthenticate", "mfa_authenticate", "mfa_login_webauthn", "mfa_reauthenticate*",
        "account_change_password", "account_reset_password*", "invitation", "openid_connect_login", "twilio_*",
        "slack_interactive", "slack_command", "status_subscribe", "status_confirm", "status_unsubscribe",
    ),
    "is there for tokens that provision, and for no session": ("scim-*",),
    "leads nowhere: nobody signs up here": ("socialaccount_*", ""),
    "is for whoever has no password, who confirms by signing in again": ("account_set_password",),
    "of what is one's own, and opens nothing": (
        "profile*", "api-own-rules", "api-own-preferences", "method_code", "method_verify", "method_label", "method_up",
        "api-own-method-code", "api-own-method-verify", "audit_save", "audit_forget",
    ),
}  # fmt: skip

#: Pages of the admin that ask, by the model; of each that has them: adding, changing, bringing back, deleting.
ASKS_IN_THE_ADMIN = {
    "teams.user", "teams.team", "identity.providergroup", "contacts.webhookendpoint", "alerts.integration",
    "integrations.connection",
    "alerts.heartbeat", "socialaccount.socialaccount",
}  # fmt: skip
#: Why the forms and deletions of others do not.
REASONS_IN_THE_ADMIN: dict[str, tuple[str, ...]] = {
    "takes access away, or nothing can be changed": (
        "integrations.step", "reports.report",
        "teams.apitoken", "rosters.calendarfeed", "axes.*", "engine.*", "incidents.proceduresrevision",
        "notifications.*", "alerts.inboxentry", "alerts.alert", "alerts.change", "incidents.incident",
        "communications.update", "communications.publication", "communications.socialpost",
        "postmortems.postmortem", "postmortems.actionitem",
        "postmortems.improvement",
    ),
    "how the house works, with a history, and no way in": (
        "incidents.*", "alerts.severityrule", "alerts.changerule", "alerts.alertsettings", "escalation.*",
        "communications.*", "postmortems.*", "catalog.*", "rosters.*", "contacts.emergencycontact",
        "contacts.externalcontact",
    ),
    "reaches people, whom it tells; administrators alone, who also keep the accounts": ("contacts.contactmethod",),
}  # fmt: skip
