"""Inviting somebody by mail: the link in it proves that the address is theirs, and works once."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse

from apps.core import audited, clock, events
from apps.core.audited import Act
from apps.core.errors import Invalid, NotAllowed, ProviderError, RuleViolation
from apps.engine import actions as engine
from apps.identity.models import Invitation, InvitedRole
from apps.teams import access, factors
from apps.teams import actions as teams
from apps.teams.access import Permission
from apps.teams.events import PERSON_ADDED
from apps.teams.models import ORGANISATION_WIDE, Team, TeamRole, User
from apps.teams.queries import is_a_person

#: Mail to such domains reaches nobody (RFC 2606, 2); who has to bounce it may be anybody.
NOBODYS = ".invalid"
_SALT = "identity.invitation"
HEADERS = {"X-ADO-Kind": "other", "Auto-Submitted": "auto-generated"}


def may_invite(person: User) -> bool:
    """Whether ``person`` may invite anybody at all."""
    return access.is_administrator(person) or bool(access.team_ids(person, Permission.MANAGE))


def roles_given_by(person: User) -> tuple[TeamRole, ...]:
    """The roles that ``person`` may invite to; a manager to none that opens what they may not see themselves."""
    return tuple(TeamRole) if access.is_administrator(person) else access.GIVEN_BY_MANAGERS


def teams_invited_to_by(person: User) -> QuerySet[Team]:
    """The teams that ``person`` may invite to: those they manage."""
    return Team.objects.filter(pk__in=access.team_ids(person, Permission.MANAGE), is_active=True)


def pending(person: User) -> QuerySet[Invitation]:
    """The invitations whose links still work that ``person`` may see and take back, the newest first."""
    found = Invitation.objects.filter(ended_at__isnull=True, expires_at__gt=clock.now())
    if not access.is_administrator(person):
        managed = access.team_ids(person, Permission.MANAGE)
        beyond = InvitedRole.objects.filter(Q(team__isnull=True) | ~Q(team__in=managed))
        found = found.exclude(roles__in=beyond)
    return found.select_related("invited_by").prefetch_related("roles__team")


@transaction.atomic
def invite(email: str, *, role: TeamRole, teams: Collection[Team], by: User) -> Invitation:
    """Invite whoever reads the mail of ``email`` to hold ``role`` in ``teams``, without any in the whole organisation.

    The mail leaves by a job of its own. Raises NotAllowed unless ``by`` administrates the organisation, or manages all
    of the teams and the role is one that managers give; Invalid for a role that is not held for the organisation, and
    for an address that is no person's; RuleViolation while another invitation of the address is pending that ``by``
    sees: those of other teams are as unknown as if there were none.
    """
    _check(role, teams, by)
    _check_that_somebody_reads(email)
    address, now = User.objects.normalize_email(email).lower(), clock.now()
    _end_expired(address)
    if pending(by).filter(email=address).exists() or by.invitations.filter(email=address, ended_at=None).exists():
        raise RuleViolation(f"{address} is invited already. Take that invitation back first.")
    made = Invitation.objects.create(
        email=address, invited_by=by, created_at=now, expires_at=now + settings.INVITATION_LIFETIME
    )
    everywhere: list[Team | None] = [None]
    for team in teams or everywhere:
        InvitedRole.objects.create(invitation=made, team=team, role=role)
    engine.schedule("identity.send_invitation", key=f"identity.send_invitation:{made.pk}", payload={"id": made.pk})
    _note(Act.INVITED, made, by=by)
    return made


@transaction.atomic
def take_back(invitation: Invitation, *, by: User) -> None:
    """Let its link work no longer; for one that is ended already nothing changes. Raises NotAllowed."""
    if not pending(by).filter(pk=invitation.pk).exists() and not access.is_administrator(by):
        raise NotAllowed(f"{by} has no right to take this invitation back.")
    found = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if found.ended_at is None:
        found.ended_at = clock.now()
        found.save(update_fields=["ended_at"])


def send(invitation_id: int) -> None:
    """Send the mail, unless the invitation is over meanwhile. Raises ProviderError."""
    invitation = Invitation.objects.select_related("invited_by").get(pk=invitation_id)
    if not invitation.is_open:
        return
    roles = "\n".join(f"- {role}" for role in invitation.roles.select_related("team"))
    body = (
        f"{invitation.invited_by} invites you to ADO Incidents as\n\n{roles}\n\nFollow this link to say who you are"
        f" and how you sign in:\n\n{link_of(invitation)}\n\nIt works once, until"
        f" {invitation.expires_at:%d %B %Y, %H:%M} UTC. If you do not know what this is about, do nothing.\n"
    )
    subject = f"{' '.join(str(invitation.invited_by).split())} invites you to ADO Incidents"
    try:
        EmailMessage(subject, body, to=[invitation.email], headers=HEADERS).send()
    except OSError as error:
        raise ProviderError(f"The mail server did not take the invitation: {error}") from error


def link_of(invitation: Invitation) -> str:
    """The address that the mail leads to; whoever has it can use the invitation."""
    token = signing.dumps(invitation.pk, salt=_SALT)
    return settings.SITE_URL + reverse("invitation", kwargs={"token": token})


def of_token(token: str) -> Invitation | None:
    """The invitation that the link was made for, if it still works."""
    try:
        pk = signing.loads(token, salt=_SALT, max_age=settings.INVITATION_LIFETIME)
    except signing.BadSignature:
        return None
    found = Invitation.objects.select_related("invited_by").filter(pk=pk).first()
    return found if found is not None and found.is_open else None


def guest_of(invitation: Invitation) -> User | None:
    """The person who has the address already and can sign in; they get the roles, and keep their ways of doing so."""
    return User.objects.filter(factors.has_a_way_in(), email__iexact=invitation.email).first()


@transaction.atomic
def use(invitation: Invitation, *, name: str = "", password: str | None = None) -> User:
    """Give its roles to whoever has the address, who is made where there is nobody, and end it.

    Who cannot sign in yet gets ``name`` and ``password``; without one they add a passkey while they are signed in.
    Raises RuleViolation if it was used or taken back meanwhile, the person is switched off, whoever invited them
    could not do so any more, or the address became that of a service account or a webhook.
    """
    found = Invitation.objects.select_for_update(no_key=True).get(pk=invitation.pk)
    if not found.is_open:
        raise RuleViolation("This invitation was used or taken back.")
    if _is_no_person(found.email):
        raise RuleViolation("This address is no person's: nobody signs in as it.")
    person = guest_of(found) or _let_in(found.email, name=name, password=password)
    if not person.is_active:
        raise RuleViolation("This account is switched off. Ask an administrator.")
    for invited in found.roles.select_related("team"):
        _check_again(invited, found.invited_by)
        teams.add_member(person, invited.team, TeamRole(invited.role))
    found.person, found.ended_at = person, clock.now()
    found.save(update_fields=["person", "ended_at"])
    _note(Act.INVITATION_USED, found, by=person)
    return person


def _check(role: TeamRole, teams: Collection[Team], by: User) -> None:
    if not teams and role not in ORGANISATION_WIDE:
        raise Invalid("Say for which teams: only administrators and auditors are for all.", field="teams")
    if access.is_administrator(by):
        return
    managed = access.team_ids(by, Permission.MANAGE)
    if role not in roles_given_by(by) or not teams or any(team.pk not in managed for team in teams):
        raise NotAllowed(f"{by} has no right to invite to this role there.")


def _check_that_somebody_reads(email: str) -> None:
    if email.lower().endswith(NOBODYS) or _is_no_person(email):
        raise Invalid("This address is no person's: nobody signs in as it.", field="email")


def _is_no_person(email: str) -> bool:
    """Whether a service account or the stand-in of a webhook has the address."""
    return User.objects.filter(~is_a_person(), email__iexact=email).exists()


def _check_again(invited: InvitedRole, by: User) -> None:
    """What somebody might give when they wrote the invitation, they must be able to give when it is used."""
    try:
        _check(TeamRole(invited.role), [invited.team] if invited.team else [], by)
    except NotAllowed as error:
        raise RuleViolation("Whoever invited you could not do so any more. Ask for another invitation.") from error


def _end_expired(address: str) -> None:
    for old in Invitation.objects.filter(email=address, ended_at__isnull=True, expires_at__lte=clock.now()):
        old.ended_at = old.expires_at
        old.save(update_fields=["ended_at"])


def _let_in(email: str, *, name: str, password: str | None) -> User:
    person = User.objects.filter(email__iexact=email).first()
    if person is None:
        person = User.objects.create_user(email, password, name=name)
        events.publish(PERSON_ADDED, person)
        return person
    person.name = name or person.name
    person.set_password(password)
    person.save(update_fields=["name", "password"])
    return person


def _note(act: Act, invitation: Invitation, *, by: User) -> None:
    roles = list(invitation.roles.select_related("team"))
    named: Iterable[str] = map(str, roles)
    concerned = tuple(role.team_id for role in roles if role.team_id is not None)
    audited.note(act, f"{act.label}: {', '.join(named)}", by=by, about=invitation, teams=concerned)
