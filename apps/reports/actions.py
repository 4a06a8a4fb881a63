"""Takes reports of users in, and decides what becomes of each (R3)."""

from __future__ import annotations

from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction

from apps.catalog.models import Service
from apps.core import clock
from apps.core.errors import Busy, Invalid, NotAllowed, ProviderError, RuleViolation
from apps.core.texts import one_line
from apps.engine import actions as engine
from apps.incidents import actions as incidents
from apps.incidents.actions.locking import locked
from apps.incidents.models import Detection, Incident, Severity, Via
from apps.notifications.channels.email import mail_server
from apps.reports import links, notices, queries
from apps.reports.models import Report, ReportState
from apps.teams.models import Team, User

log = structlog.get_logger(__name__)

LONGEST_TITLE, LONGEST_TEXT = 200, 5_000
#: While so many reports of strangers wait, no more are taken of them: somebody has to read each.
STRANGERS_WAITING = 200
#: The kind of the timer that tells whoever reported something what became of it.
TELL = "reports.tell"
HEADERS = {"X-ADO-Kind": "other", "Auto-Submitted": "auto-generated"}


@transaction.atomic
def report(
    *, title: str, text: str = "", service: Service | None = None, by: User | None, name: str = "", email: str = ""
) -> Report:
    """Take in what somebody reports; it waits for who responds. ``by`` None is a stranger, with or without name, email.

    Who decides is told (``notices``); whoever reports has no mail yet: the address may be another's. Raises Invalid for
    a title that is empty or a text that is too long, NotAllowed for strangers where the house takes nothing of them,
    Busy while too much of theirs waits.
    """
    if by is None:
        _require_room_for_strangers()
    said = one_line(title)
    if not said or len(said) > LONGEST_TITLE:
        raise Invalid(f"Say what does not work, in {LONGEST_TITLE} characters at most.", field="title")
    if len(text) > LONGEST_TEXT:
        raise Invalid(f"A report has {LONGEST_TEXT} characters at most.", field="text")
    left = {} if by is not None else {"name": one_line(name)[:120], "email": email.lower()}
    made = Report.objects.create(title=said, text=text.strip(), service=service, by=by, **left)
    notices.tell_of(made)
    return made


@transaction.atomic
def accept(
    report_id: int, *, by: User, severity: Severity, team: Team | None = None, private: bool = False, via: Via = Via.WEB
) -> Incident:
    """Declare an incident of the report, for ``team`` or else the service's, detected by a user.

    Raises NotAllowed without the right to respond for the team, Invalid where no team is named, RuleViolation for a
    report that is decided.
    """
    report = _locked(report_id, by=by)
    responsible = team or (report.service.team if report.service else None)
    if responsible is None:
        raise Invalid("Name the team that responds.", field="team")
    incident = incidents.declare(
        title=report.title,
        summary=report.text,
        severity=severity,
        team=responsible,
        services=[report.service] if report.service else [],
        detection=Detection.USER_REPORT,
        private=private,
        by=by,
        via=via,
    )
    _decide(report, ReportState.ACCEPTED, by=by, incident=incident)
    return incident


@transaction.atomic
def attach(report_id: int, *, by: User, to: Incident, via: Via = Via.WEB) -> Incident:
    """Let an open incident be what the report is about; what it says is a note on the timeline.

    Raises NotAllowed without the right to respond to it, RuleViolation unless it is open, or for a report that is
    decided.
    """
    report = _locked(report_id, by=by)
    into = locked(to.pk, by=by)
    if not into.is_open:
        raise RuleViolation(f"{into} is {into.get_status_display().lower()}; a report is attached to what is open.")
    said = f"\n{report.text}" if report.text else ""
    incident = incidents.add_note(into.pk, text=f"A user reports: {report.title}{said}", by=by, via=via)
    _decide(report, ReportState.ACCEPTED, by=by, incident=incident)
    return incident


@transaction.atomic
def reject(report_id: int, *, by: User, answer: str) -> Report:
    """Do not take the report up, for the reason that ``answer`` tells whoever reported it.

    Raises Invalid without an answer, NotAllowed, RuleViolation for a report that is decided.
    """
    report = _locked(report_id, by=by)
    if not answer.strip() or len(answer) > LONGEST_TEXT:
        raise Invalid(f"Say why, in {LONGEST_TEXT} characters at most.", field="answer")
    _decide(report, ReportState.REJECTED, by=by, answer=answer.strip())
    return report


def tell(report_id: int) -> None:
    """Mail whoever reported it what became of it, if there is an address that takes mail.

    Each attempt has the same Message-ID. An address or a mail that is refused for good is left alone: nobody here can
    mend it. Raises ProviderError where another attempt is of use.
    """
    report = Report.objects.select_related("by").get(pk=report_id)
    if not report.address or report.state == ReportState.NEW:
        return
    became = "It was taken up, and is worked on." if report.state == ReportState.ACCEPTED else report.answer
    body = f"You reported:\n\n{report.title}\n\n{became}\n\nWhat becomes of it: {links.url_of(report)}\n"
    subject = f"{report.get_state_display()}: {report.title}"
    headers = {**HEADERS, "Message-ID": f"<{TELL}.{report.pk}@{urlsplit(settings.SITE_URL).hostname}>"}
    try:
        with mail_server() as hand_over:
            hand_over(EmailMessage(subject, body, to=[report.address], headers=headers))
    except ProviderError as error:
        if not error.permanent or error.refuses_us:
            raise
        log.warning("answer_to_a_report_refused", report=report.pk, error=str(error))


def _require_room_for_strangers() -> None:
    if not settings.REPORTS_FROM_ANYBODY:
        raise NotAllowed("Sign in to report something.")
    if Report.objects.filter(by=None, state=ReportState.NEW).count() >= STRANGERS_WAITING:
        raise Busy("Too many reports wait to be read. Come back later, or sign in.")


def _locked(report_id: int, *, by: User) -> Report:
    """The report with its row locked. Raises NotAllowed for who may not decide it, RuleViolation once it is decided."""
    Report.objects.select_for_update(no_key=True).values_list("pk").get(pk=report_id)
    report = queries.decidable(by).filter(pk=report_id).first()
    if report is None:
        raise NotAllowed("Who responds for its team decides on a report.")
    if report.state != ReportState.NEW:
        raise RuleViolation(f"This report was decided by {report.decided_by}.")
    return report


def _decide(
    report: Report, state: ReportState, *, by: User, incident: Incident | None = None, answer: str = ""
) -> None:
    report.state, report.incident, report.answer = state, incident, answer
    report.decided_by, report.decided_at = by, clock.now()
    report.save(update_fields=["state", "incident", "answer", "decided_by", "decided_at"])
    engine.schedule(TELL, key=f"{TELL}:{report.pk}", payload={"report": report.pk})
