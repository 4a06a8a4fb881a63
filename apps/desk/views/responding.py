"""What one does on the incident page: each view parses a form, calls one action, and goes back to the page."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views import View

from apps.communications import actions as communications
from apps.communications.models import Audience
from apps.core.editing import Edited, unchanged
from apps.core.errors import HouseError, RuleViolation
from apps.desk import around, edited, incident_page
from apps.desk.forms import responding
from apps.desk.forms.editing import EditForm, typed
from apps.desk.pages import incident_or_404, say_done, say_failure, say_invalid, viewer
from apps.escalation import actions as escalation
from apps.incidents import actions
from apps.incidents.models import ChecklistItem, Incident, Via
from apps.teams.models import User


class IncidentAction(LoginRequiredMixin, View):
    """A POST that does one thing to an incident, says how it went, and goes back to the incident's page.

    Where it could not be done, that page holds every text that was typed.
    """

    http_method_names = ["get", "head", "post"]
    form_class: ClassVar[type[forms.BaseForm]] = forms.Form
    done: ClassVar[str] = ""

    def post(self, request: HttpRequest, number: int, **found: int) -> HttpResponse:
        """Do it, if the form is complete and the house's rules allow it."""
        incident = incident_or_404(request, number)
        form = self.form_class(request.POST, **self.form_arguments(incident))
        if not form.is_valid():
            say_invalid(request, form)
            return self.with_what_was_typed(incident, form, status=422)
        try:
            then = self.do(incident, form, **found)
        except HouseError as failure:
            if not (isinstance(form, EditForm) and form.is_told(failure)):
                say_failure(request, failure)
            return self.with_what_was_typed(incident, form, status=409)
        say_done(request, self.done)
        return redirect(then or incident)

    def get(self, request: HttpRequest, number: int, **found: int) -> HttpResponse:
        """Do nothing, and show the incident: whoever signs in again comes by here."""
        return redirect(incident_or_404(request, number))

    def form_arguments(self, incident: Incident) -> dict[str, Any]:
        """What the form needs to know besides what was sent."""
        return {}

    def do(self, incident: Incident, form: Any, **found: int) -> Incident | None:
        """Call ``act`` with what was sent."""
        return self.act(incident, viewer(self.request), **form.cleaned_data, **found)

    def with_what_was_typed(self, incident: Incident, form: forms.BaseForm, *, status: int) -> HttpResponse:
        """The incident's page as it is now, with the texts of ``form``, if there are any."""
        if not (texts := typed(form)):
            return redirect(incident)
        now = incident_or_404(self.request, incident.pk)
        context = {**incident_page.whole(now, viewer(self.request)), "unsaved": texts}
        return render(self.request, "incidents/incident.html", context, status=status)

    def act(self, incident: Incident, by: User, **known: Any) -> Incident | None:
        """Call the action with the form's data; another incident that is returned is shown next."""
        raise NotImplementedError


class IncidentEdit(IncidentAction):
    """An action that writes over what others may have written meanwhile: it tells of that first."""

    #: What the page calls the form.
    shown_as: ClassVar[str]

    def edited(self, number: int) -> Edited:
        """What the form edits."""
        raise NotImplementedError

    def do(self, incident: Incident, form: EditForm, **found: int) -> Incident | None:
        """Call ``act`` with what was sent, if nobody changed it since the form was shown."""
        with unchanged(self.edited(incident.pk), since=form.based_on):
            return self.act(incident, viewer(self.request), **form.entered, **found)

    def with_what_was_typed(self, incident: Incident, form: Any, *, status: int) -> HttpResponse:
        """The incident's page with the form as it was sent, and what was changed meanwhile."""
        if not form.changed:
            return super().with_what_was_typed(incident, form, status=status)
        now = incident_or_404(self.request, incident.pk)
        context = {**incident_page.whole(now, viewer(self.request)), self.shown_as: form}
        return render(self.request, "incidents/incident.html", context, status=form.status)


class Acknowledge(IncidentAction):
    done = "Acknowledged. It is yours now."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.acknowledge(incident.pk, by=by, via=Via.WEB)


class Transition(IncidentAction):
    form_class = responding.StatusForm
    done = "The status is changed."

    def form_arguments(self, incident: Incident) -> dict[str, Any]:
        return {"incident": incident}

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.transition(incident.pk, by=by, via=Via.WEB, to=known["to"], note=known["note"])


class Resolve(IncidentAction):
    form_class = responding.OptionalNoteForm
    done = "Resolved. Next, confirm the closure with the stakeholders."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.resolve(incident.pk, by=by, via=Via.WEB, note=known["note"])


class ConfirmClosure(IncidentAction):
    form_class = responding.OptionalNoteForm
    done = "The closure is confirmed."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.confirm_closure(incident.pk, by=by, via=Via.WEB, note=known["note"])


class Close(IncidentAction):
    form_class = responding.OptionalNoteForm
    done = "Closed."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.close(incident.pk, by=by, via=Via.WEB, note=known["note"])


class Reopen(IncidentAction):
    """Where it is too late to reopen, the new incident that follows is shown."""

    form_class = responding.ReasonForm
    done = "Reopened."

    def act(self, incident: Incident, by: User, **known: Any) -> Incident:
        return actions.reopen(incident.pk, by=by, via=Via.WEB, reason=known["reason"])


class Cancel(IncidentAction):
    form_class = responding.ReasonForm
    done = "Cancelled."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.cancel(incident.pk, by=by, via=Via.WEB, reason=known["reason"])


class Merge(IncidentAction):
    form_class = responding.MergeForm
    done = "Merged into this incident."

    def act(self, incident: Incident, by: User, **known: Any) -> Incident:
        target = incident_or_404(self.request, known["into"])
        actions.merge(incident.pk, by=by, via=Via.WEB, into=target.pk)
        return target


class ChangeSeverity(IncidentAction):
    form_class = responding.SeverityForm
    done = "The severity is changed, and every clock with it."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.change_severity(incident.pk, by=by, via=Via.WEB, severity=known["severity"], reason=known["reason"])


class Describe(IncidentEdit):
    form_class = responding.DescriptionForm
    done = "The description is changed."
    shown_as = "description_form"

    def form_arguments(self, incident: Incident) -> dict[str, Any]:
        return {"by": viewer(self.request), "incident": incident, "auto_id": "description_%s"}

    def edited(self, number: int) -> Edited:
        return edited.description(number)

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.describe(incident.pk, by=by, via=Via.WEB, **known)


class Escalate(IncidentAction):
    """Wakes nobody but those whom the confirmation named, where there was one."""

    form_class = responding.EscalateForm
    done = "Escalated."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        trigger, level = known["trigger"].key if known["trigger"] else None, known["level"]
        if known["agreed"]:
            woken = escalation.rehearse(incident.pk, by=by, level=level, trigger=trigger).people
            if around.agreed(woken) != known["agreed"]:
                raise RuleViolation("Meanwhile somebody else would be woken. Nobody was paged yet: look again.")
        escalation.escalate(incident.pk, by=by, via=Via.WEB, level=level, trigger=trigger, reason=known["reason"])


class Hold(IncidentAction):
    form_class = responding.HoldForm
    done = "The escalation is held. At the end you are asked whether you are on it."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        minutes = known["minutes"] if known["other"] is None else known["other"]
        escalation.hold(incident.pk, by=by, via=Via.WEB, minutes=minutes)


class EndHold(IncidentAction):
    done = "The hold is over: the escalation goes on."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        escalation.end_hold(incident.pk, by=by, via=Via.WEB)


class AssignRole(IncidentAction):
    form_class = responding.RoleForm
    done = "The role is assigned."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.assign_role(incident.pk, by=by, via=Via.WEB, role=known["role"].key, person=known["person"])


class AddNote(IncidentAction):
    form_class = responding.NoteForm
    done = "The note is on the timeline."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.add_note(incident.pk, by=by, via=Via.WEB, text=known["text"])


class Tick(IncidentAction):
    form_class = responding.ChecklistForm

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        item = get_object_or_404(ChecklistItem, pk=known["item"], incident=incident)
        actions.tick(item.pk, by=by, via=Via.WEB, done=known["done"])


class Waive(IncidentAction):
    form_class = responding.ReasonForm
    done = "Waived, with your reason on the timeline."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        item = get_object_or_404(ChecklistItem, pk=known["item"], incident=incident)
        actions.waive(item.pk, by=by, via=Via.WEB, reason=known["reason"])


class RecordResolution(IncidentEdit):
    form_class = responding.ResolutionForm
    done = "The fix is recorded."
    shown_as = "resolution_form"

    def form_arguments(self, incident: Incident) -> dict[str, Any]:
        return {"auto_id": "fix_%s"}

    def edited(self, number: int) -> Edited:
        return edited.fix(number)

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        actions.record_resolution(incident.pk, by=by, via=Via.WEB, **known)


class SendUpdate(IncidentAction):
    form_class = responding.UpdateForm
    done = "The update is on its way."

    def act(self, incident: Incident, by: User, **known: Any) -> None:
        communications.send_update(
            incident.pk, by=by, via=Via.WEB, audience=Audience.INTERNAL, message=known["message"]
        )
