"""Inviting somebody by mail: who may, to what, and what the link is good for, once."""

from __future__ import annotations

import re

import pytest
from django.conf import settings
from django.core import signing

from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.logs import without_tokens
from apps.engine import runner
from apps.identity import invitations
from apps.identity.models import Invitation
from apps.teams import actions as teams
from apps.teams.models import Membership, TeamRole, User
from tests.factories.teams import make_person, make_team
from tests.hostile import TEXTS
from tests.identity.conftest import PASSWORD
from tests.notifications.mail_server import MailServer

GUEST = "gina@example.com"


@pytest.fixture
def manager(team):
    return make_person("Mona", team, TeamRole.MANAGER)


@pytest.fixture
def root(db):
    return make_person("Root", None, TeamRole.ADMIN)


@pytest.fixture
def post(settings):
    with MailServer() as server:
        settings.EMAIL_BACKEND = "apps.notifications.channels.smtp.Backend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield server


def path_of(invitation: Invitation) -> str:
    return invitations.link_of(invitation).removeprefix(settings.SITE_URL)


def roles_of(email: str) -> set[tuple[str | None, str]]:
    held = Membership.objects.filter(person__email=email)
    return {(each.team.slug if each.team else None, each.role) for each in held.select_related("team")}


@pytest.mark.parametrize("role", [TeamRole.MANAGER, TeamRole.RESPONDER, TeamRole.STAKEHOLDER])
def test_a_manager_invites_to_own_teams(manager, team, role):
    made = invitations.invite(GUEST, role=role, teams=[team], by=manager)
    assert [(each.team, each.role) for each in made.roles.all()] == [(team, role)]


@pytest.mark.parametrize("role", [TeamRole.ADMIN, TeamRole.AUDITOR, TeamRole.COMMANDER])
def test_a_manager_gives_no_role_that_opens_what_they_may_not_see(manager, team, role):
    for wanted in ([team], []):
        with pytest.raises(NotAllowed if wanted or role is not TeamRole.COMMANDER else Invalid):
            invitations.invite(GUEST, role=role, teams=wanted, by=manager)
    assert not Invitation.objects.exists()


def test_a_manager_invites_to_no_team_of_others(manager, team):
    for wanted in ([make_team("zebra")], [team, make_team("lion")]):
        with pytest.raises(NotAllowed):
            invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=wanted, by=manager)


@pytest.mark.parametrize("role", [TeamRole.COMMANDER, TeamRole.RESPONDER, TeamRole.STAKEHOLDER, TeamRole.AUDITOR])
def test_other_roles_invite_nobody(client, team, role):
    person = make_person("Sue", team, role)
    with pytest.raises(NotAllowed):
        invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=person)
    client.force_login(person, backend="apps.teams.backends.PeopleBackend")
    assert client.get("/invitations/").status_code == 403


def test_an_administrator_invites_to_everything(root, team):
    invitations.invite(GUEST, role=TeamRole.AUDITOR, teams=[], by=root)
    invitations.invite("max@example.com", role=TeamRole.COMMANDER, teams=[team], by=root)
    with pytest.raises(Invalid):
        invitations.invite("eve@example.com", role=TeamRole.RESPONDER, teams=[], by=root)


def test_an_address_has_one_pending_invitation_in_any_case(manager, team, clock):
    first = invitations.invite("Gina@Example.com", role=TeamRole.RESPONDER, teams=[team], by=manager)
    with pytest.raises(RuleViolation):
        invitations.invite(GUEST, role=TeamRole.STAKEHOLDER, teams=[team], by=manager)
    invitations.take_back(first, by=manager)
    invitations.invite(GUEST, role=TeamRole.STAKEHOLDER, teams=[team], by=manager)
    clock.shift(days=8)
    invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager)


def test_whoever_is_called_like_a_header_invites_all_the_same(manager, team, post, clock):
    manager.name = TEXTS["header"]
    manager.save()
    invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager)
    runner.run_due()
    [mail] = post.received
    assert post.addresses() == [GUEST]
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("Down Bcc: everybody@example.com X Subject: other")


def test_the_mail_leads_to_an_account_with_the_roles(client, manager, team, post, clock):
    invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager)
    runner.run_due()
    [mail] = post.received
    assert mail["To"] == GUEST
    link = re.search(rf"{settings.SITE_URL}(/join/\S+/)", mail.get_payload(decode=True).decode())[1]
    assert "Mona invites you" in client.get(link).content.decode()
    answer = client.post(link, {"name": "Gina", "password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, "/")
    assert client.get("/profile/").status_code == 200
    gina = User.objects.get(email=GUEST)
    assert (str(gina), gina.check_password(PASSWORD), gina.is_staff) == ("Gina", True, False)
    assert roles_of(GUEST) == {("platform", "responder")}
    assert client.get(link).status_code == 404


def test_a_weak_password_is_told_and_the_invitation_stays(client, manager, team):
    link = path_of(invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager))
    for password in ("short", "password1234", "gina@example.com", ""):
        answer = client.post(link, {"name": "Gina", "password": password})
        assert answer.status_code == 422, password
    assert not User.objects.filter(email=GUEST).exists()
    assert client.get(link).status_code == 200


def test_who_chooses_a_passkey_is_led_to_add_one_and_can_be_invited_again_without_it(client, manager, team):
    link = path_of(invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager))
    answer = client.post(link, {"name": "Gina", "password": "", "passkey": "yes"})
    assert answer["Location"] == "/profile/sign-in/passkeys/add/"
    assert client.get(answer["Location"]).status_code == 200
    assert not User.objects.get(email=GUEST).has_usable_password()
    client.post("/logout/")
    again = path_of(invitations.invite(GUEST, role=TeamRole.STAKEHOLDER, teams=[team], by=manager))
    client.post(again, {"name": "Gina", "password": PASSWORD})
    assert User.objects.get(email=GUEST).check_password(PASSWORD)
    assert roles_of(GUEST) == {("platform", "responder"), ("platform", "stakeholder")}


def test_a_link_signs_nobody_in_who_has_an_account(client, manager, team, rita):
    other = make_team("other")
    teams.add_member(manager, other, TeamRole.MANAGER)
    link = path_of(invitations.invite(rita.email, role=TeamRole.STAKEHOLDER, teams=[other], by=manager))
    assert "password" not in client.get(link).content.decode()
    answer = client.post(link, {"name": "Mallory", "password": "another horse and battery"})
    assert answer["Location"] == "/"
    page = client.get("/", follow=True).content.decode()
    assert "The roles are yours. Sign in as you always do." in page
    assert client.get("/profile/").status_code == 302
    rita.refresh_from_db()
    assert (rita.name, rita.check_password(PASSWORD)) == ("Rita", True)
    assert ("other", "stakeholder") in roles_of(rita.email)


def test_who_is_switched_off_stays_so(client, manager, team, rita):
    link = path_of(invitations.invite(rita.email, role=TeamRole.STAKEHOLDER, teams=[team], by=manager))
    rita.is_active = False
    rita.save()
    client.post(link)
    rita.refresh_from_db()
    assert not rita.is_active
    assert roles_of(rita.email) == {("platform", "responder")}


def test_a_manager_by_invitation_may_enter_the_admin(client, root, team):
    link = path_of(invitations.invite(GUEST, role=TeamRole.MANAGER, teams=[team], by=root))
    client.post(link, {"name": "Gina", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200


@pytest.mark.parametrize("how", ["expired", "taken back", "forged", "of another purpose"])
def test_a_link_that_does_not_work_is_not_there(client, clock, manager, team, how):
    made = invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager)
    link = path_of(made)
    if how == "expired":
        clock.shift(days=7)
    elif how == "taken back":
        invitations.take_back(made, by=manager)
    elif how == "forged":
        link = "/join/MQ:1xyz:abc/"
    else:
        link = f"/join/{signing.dumps(made.pk, salt='another')}/"
    assert client.get(link).status_code == 404
    assert client.post(link, {"name": "Gina", "password": PASSWORD}).status_code == 404
    assert not User.objects.filter(email=GUEST).exists()


def test_no_log_tells_the_link(manager, team):
    link = path_of(invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager))
    entry = without_tokens(None, "info", {"request": f"GET {link}"})
    assert entry == {"request": "GET /join/…/"}


def test_what_is_taken_back_before_the_mail_left_is_not_sent(manager, team, post, clock):
    invitations.take_back(invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager), by=manager)
    runner.run_due()
    assert post.received == []


def test_managers_see_and_take_back_what_is_all_of_their_teams(client, manager, root, team):
    own = invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=root)
    shared = invitations.invite("b@example.com", role=TeamRole.RESPONDER, teams=[team, make_team("z")], by=root)
    everywhere = invitations.invite("c@example.com", role=TeamRole.AUDITOR, teams=[], by=root)
    assert list(invitations.pending(manager)) == [own]
    assert set(invitations.pending(root)) == {own, shared, everywhere}
    client.force_login(manager, backend="apps.teams.backends.PeopleBackend")
    assert client.post(f"/invitations/{shared.pk}/take-back/").status_code == 404
    assert client.post(f"/invitations/{own.pk}/take-back/").status_code == 302
    assert list(invitations.pending(manager)) == []


def test_the_form_invites_and_says_what_is_wrong(client, manager, team):
    client.force_login(manager, backend="apps.teams.backends.PeopleBackend")
    sent = {"email": GUEST, "role": "responder", "teams": [team.pk]}
    assert client.post("/invitations/", sent)["Location"] == "/invitations/"
    assert GUEST in client.get("/invitations/").content.decode()
    for wrong in (sent, {**sent, "email": "no address"}, {**sent, "role": "admin", "email": "b@example.com"}):
        assert client.post("/invitations/", wrong).status_code == 422


def test_inviting_asks_again_who_it_is(client, clock, manager):
    client.force_login(manager, backend="apps.teams.backends.PeopleBackend")
    clock.shift(minutes=16)
    assert client.get("/invitations/")["Location"].startswith("/confirm/")


def test_many_pending_invitations_cost_no_more_than_one(manager, team, django_assert_max_num_queries):
    for number in range(10):
        invitations.invite(f"{number}@example.com", role=TeamRole.RESPONDER, teams=[team], by=manager)
    with django_assert_max_num_queries(4):
        assert len([str(role) for each in invitations.pending(manager) for role in each.roles.all()]) == 10


def test_an_invitation_of_whoever_left_gives_nothing(client, root, team):
    leaver = User.objects.create_superuser("leaver@example.com", name="Lea")
    made = invitations.invite(GUEST, role=TeamRole.ADMIN, teams=[], by=leaver)
    link = path_of(made)
    leaver.is_active = False
    leaver.save()
    client.post(link, {"name": "Gina", "password": PASSWORD})
    assert roles_of(GUEST) == set()
    assert not User.objects.filter(email=GUEST).exists()


def test_an_invitation_of_whoever_lost_the_role_gives_nothing(client, manager, team):
    link = path_of(invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager))
    teams.remove_member(manager.memberships.get(team=team))
    client.post(link, {"name": "Gina", "password": PASSWORD})
    assert not User.objects.filter(email=GUEST).exists()


def test_what_another_team_invited_stays_unknown(manager, team):
    zoe = make_person("Zoe", other := make_team("zebra"), TeamRole.MANAGER)
    first = invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[other], by=zoe)
    second = invitations.invite(GUEST, role=TeamRole.RESPONDER, teams=[team], by=manager)
    invitations.use(first, name="Gina", password=PASSWORD)
    invitations.use(second)
    assert roles_of(GUEST) == {("zebra", "responder"), ("platform", "responder")}
