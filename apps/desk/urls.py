"""The pages of contract.md, "Web pages", and what one does on them."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import include, path, register_converter

from apps.desk.converters import ReferenceConverter
from apps.desk.views import (
    acknowledging,
    catalog,
    helping,
    home,
    incidents,
    people,
    profile,
    responding,
    reviews,
    signing_in,
)

register_converter(ReferenceConverter, "reference")

of_one_incident = [
    path("", incidents.incident, name="incident"),
    path("parts/<slug:name>/", incidents.part, name="incident_part"),
    path("pulse/", incidents.pulse, name="incident_pulse"),
    path("timeline/", incidents.full_timeline, name="incident_timeline"),
    path("history/", incidents.history, name="incident_history"),
    path("impact/", incidents.impact, name="incident_impact"),
    path("acknowledge/", responding.Acknowledge.as_view(), name="incident_acknowledge"),
    path("transition/", responding.Transition.as_view(), name="incident_transition"),
    path("resolve/", responding.Resolve.as_view(), name="incident_resolve"),
    path("confirm-closure/", responding.ConfirmClosure.as_view(), name="incident_confirm_closure"),
    path("close/", responding.Close.as_view(), name="incident_close"),
    path("reopen/", responding.Reopen.as_view(), name="incident_reopen"),
    path("cancel/", responding.Cancel.as_view(), name="incident_cancel"),
    path("merge/", responding.Merge.as_view(), name="incident_merge"),
    path("severity/", responding.ChangeSeverity.as_view(), name="incident_severity"),
    path("escalate/", responding.Escalate.as_view(), name="incident_escalate"),
    path("hold/", responding.Hold.as_view(), name="incident_hold"),
    path("roles/", responding.AssignRole.as_view(), name="incident_role"),
    path("decline/", helping.Decline.as_view(), name="incident_decline"),
    path("escalate-now/", helping.EscalateNow.as_view(), name="incident_escalate_now"),
    path("watch/", helping.Watch.as_view(), name="incident_watch"),
    path("responders/", helping.ask, name="incident_ask"),
    path("responders/<int:asked>/", helping.AnswerRequest.as_view(), name="incident_request"),
    path("reassign/", helping.reassign, name="incident_reassign"),
    path("notes/", responding.AddNote.as_view(), name="incident_note"),
    path("describe/", responding.Describe.as_view(), name="incident_describe"),
    path("updates/", responding.SendUpdate.as_view(), name="incident_update"),
    path("fix/", responding.RecordResolution.as_view(), name="incident_fix"),
    path("checklist/<int:item>/", responding.Tick.as_view(), name="incident_tick"),
    path("checklist/<int:item>/waive/", responding.Waive.as_view(), name="incident_waive"),
]

urlpatterns = [
    path("", home.dashboard, name="home"),
    path("login/", signing_in.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("now/", home.open_now, name="home_now"),
    path("notifications/", home.inbox, name="inbox"),
    path("notifications/read/", home.mark_all_read, name="inbox_read"),
    path("incidents/", incidents.incident_list, name="incidents"),
    path("incidents/new/", incidents.declare, name="declare"),
    path("incidents/<reference:number>/", include(of_one_incident)),
    path("oncall/", people.oncall, name="oncall"),
    path("rosters/<slug:slug>/", people.roster, name="roster"),
    path("rosters/<slug:slug>/overrides/<int:override>/remove/", people.remove_override, name="override_remove"),
    path("services/", catalog.services, name="services"),
    path("contacts/", people.contact_sheet, name="contacts"),
    path("postmortems/", reviews.postmortems, name="postmortems"),
    path("postmortems/<reference:number>/", reviews.postmortem, name="postmortem"),
    path("postmortems/<reference:number>/finish/", reviews.finish, name="postmortem_finish"),
    path("postmortems/<reference:number>/action-items/", reviews.add_action_item, name="action_item_add"),
    path("action-items/<int:item>/done/", reviews.complete_action_item, name="action_item_done"),
    path("action-items/", reviews.action_items, name="action_items"),
    path("profile/", profile.profile, name="profile"),
    path("ack/<str:token>/", acknowledging.acknowledge, name="acknowledge"),
]
