"""The demo's teams, people, services and rosters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings

from apps.alerts.actions import create_integration
from apps.alerts.models import ChangeRule, Format
from apps.catalog.actions.health import plan_look
from apps.catalog.models import CheckKind, Dependency, HealthCheck, LinkKind, Service, ServiceLink
from apps.communications.models import Component
from apps.contacts.models import ContactMethod, MethodKind
from apps.core import clock
from apps.incidents.models import ResponseRole, RoleCandidate
from apps.integrations.models import Connection
from apps.notifications.models import NotificationRule, Urgency
from apps.reports import actions as reports
from apps.rosters import actions as rosters
from apps.rosters.models import Layer, LayerMember, Roster, Rotation, Weekday
from apps.teams import actions as teams
from apps.teams.models import Team, TeamRole, User

DOMAIN = "example.com"


@dataclass(frozen=True)
class Demonstrator:
    """A person of the demo: where they work, as what, and what they are titled."""

    login: str
    name: str
    zone: str
    roles: tuple[tuple[str | None, TeamRole], ...]
    phone: str = ""
    staff: bool = False
    signs_in: bool = False

    @property
    def email(self) -> str:
        return f"{self.login}@{DOMAIN}"


TEAMS = (
    ("platform", "Platform", "Europe/Berlin", "Application, data stores, hosts and monitoring of ADO."),
    ("ai", "AI agents", "America/New_York", "The agent execution pipeline."),
    ("security", "Security", "Europe/London", "Access, secrets and supply chain."),
    ("product", "Product", "Europe/Berlin", "Prioritisation, reporting and documentation."),
)
EVERYWHERE = tuple(slug for slug, *_ in TEAMS)


def _in(role: TeamRole, *slugs: str) -> tuple[tuple[str | None, TeamRole], ...]:
    return tuple((slug, role) for slug in slugs)


_BERLIN, _LONDON, _NEW_YORK = "Europe/Berlin", "Europe/London", "America/New_York"
PEOPLE = (
    Demonstrator("admin", "Ada Admin", _BERLIN, ((None, TeamRole.ADMIN),), staff=True, signs_in=True),
    Demonstrator(
        "manager", "Marek Novak", _BERLIN, _in(TeamRole.MANAGER, "platform"), "+4930901820", staff=True, signs_in=True
    ),
    Demonstrator(
        "commander", "Carla Mendes", _BERLIN, _in(TeamRole.COMMANDER, *EVERYWHERE), "+4930901821", signs_in=True
    ),
    Demonstrator("responder", "Rafi Cohen", _BERLIN, _in(TeamRole.RESPONDER, "platform"), "+4930901822", signs_in=True),
    Demonstrator(
        "stakeholder", "Stella Brandt", _BERLIN, _in(TeamRole.STAKEHOLDER, "platform", "product"), signs_in=True
    ),
    Demonstrator("auditor", "Aurel Weiss", _LONDON, ((None, TeamRole.AUDITOR),), staff=True, signs_in=True),
    Demonstrator("ines.duarte", "Inês Duarte", _BERLIN, _in(TeamRole.RESPONDER, "platform"), "+4930901823"),
    Demonstrator("jonas.keller", "Jonas Keller", _BERLIN, _in(TeamRole.RESPONDER, "platform"), "+4930901824"),
    Demonstrator("priya.nair", "Priya Nair", _NEW_YORK, _in(TeamRole.RESPONDER, "ai"), "+12125550131"),
    Demonstrator("tom.okafor", "Tom Okafor", _NEW_YORK, _in(TeamRole.RESPONDER, "ai"), "+12125550132"),
    Demonstrator("lena.fischer", "Lena Fischer", _BERLIN, _in(TeamRole.RESPONDER, "ai", "platform"), "+4930901825"),
    Demonstrator("hugh.barrett", "Hugh Barrett", _LONDON, _in(TeamRole.RESPONDER, "security"), "+442079460131"),
    Demonstrator("sana.malik", "Sana Malik", _LONDON, _in(TeamRole.RESPONDER, "security"), "+442079460132"),
    Demonstrator("yuki.tanaka", "Yuki Tanaka", _BERLIN, _in(TeamRole.RESPONDER, "product"), "+4930901826"),
    Demonstrator("olek.wolski", "Olek Wolski", _BERLIN, _in(TeamRole.RESPONDER, "product"), "+4930901827"),
)
#: Who chose steps of their own: a mail at once, a call after so long if nobody answered the mail.
CALLED_LATER = ("commander", "responder", "ines.duarte", "jonas.keller", "priya.nair")
#: They give commands in Slack; told things they are by mail.
IN_SLACK = ("commander",)
CALLED_AFTER = timedelta(minutes=10)
ROTATIONS = {
    "platform": ("responder", "ines.duarte", "jonas.keller"),
    "ai": ("priya.nair", "tom.okafor", "lena.fischer"),
    "security": ("hugh.barrett", "sana.malik"),
    "product": ("yuki.tanaka", "olek.wolski"),
}
#: Primary and backup of each response role, for every team of the demo.
CANDIDATES = {
    "commander": (("commander", "Development Team Lead"), ("ines.duarte", "Senior Developer")),
    "technical_lead": (("lena.fischer", "Principal Engineer"), ("jonas.keller", "Senior DevOps Engineer")),
    "communications_lead": (("yuki.tanaka", "Product Manager"), ("manager", "Engineering Manager")),
}
SERVICES = (
    ("application", "ADO application", "platform", "cli_access", "The API and the CLI's backend."),
    ("database", "Database", "platform", "data_integrity", "PostgreSQL of the backlog and the runs."),
    ("cache", "Cache", "platform", "", "Redis in front of the application."),
    ("system", "Hosts", "platform", "", "The machines that everything runs on."),
    ("container", "Containers", "platform", "", "Kubernetes, namespace ado-production."),
    ("monitoring", "Monitoring", "platform", "", "Prometheus and Grafana."),
    ("agents", "Agent pipeline", "ai", "agent_pipeline", "Plans, executes and reviews tasks."),
    ("security", "Access and secrets", "security", "security", "Tokens, sign-in and the GitHub app."),
    ("business", "Prioritisation", "product", "wsjf", "WSJF scores and the backlog's order."),
)
#: What customers know of, in this order: the service, its name and words for them.
COMPONENTS = (
    ("application", "API and CLI", "What your terminal and your programs talk to."),
    ("agents", "Agents", "Planning, executing and reviewing your tasks."),
    ("business", "Prioritisation", "WSJF scores and the order of your backlog."),
    ("security", "Sign-in", "Tokens, sign-in and the GitHub app."),
)
#: The same on the sandbox's Statuspage.
STATUSPAGE = {
    "application": "k8mq2v7x0d1a", "agents": "p3zt9w5c6b2e", "business": "h7rn4j1s8f5g", "security": "d2yl6u0k9m3o"
}  # fmt: skip
DEPENDENCIES = (
    ("application", "database"),
    ("application", "cache"),
    ("application", "container"),
    ("agents", "application"),
    ("business", "database"),
    ("container", "system"),
)
#: Who sends the alerts of the demo's past. Nobody knows its key; a manager can give it another.
MONITORING = "Prometheus, production"
MONITORED = "platform"
#: Who tells of its changes, by repository and service.
REPOSITORIES_HOST = "GitHub"
REPOSITORIES = (("ado/application", "application"), ("ado/agents", "agents"), ("ado/prioritisation", "business"))
#: Who the demo's senders are, by name and team.
SENDERS = ((MONITORING, MONITORED), (REPOSITORIES_HOST, MONITORED))
WEEKS_BACK = 6
HANDOFF = time(9)


def build(*, password: str) -> None:
    """Create all of it; people who sign in get ``password``."""
    for slug, name, zone, description in TEAMS:
        Team.objects.create(slug=slug, name=name, time_zone=zone, description=description)
    for each in PEOPLE:
        _person(each, password=password)
    for slug, name, team, area, description in SERVICES:
        service = Service.objects.create(
            slug=slug, name=name, team=Team.objects.get(slug=team), area=area, description=description
        )
        _links(service)
    for position, (slug, name, description) in enumerate(COMPONENTS):
        Component.objects.create(
            service=Service.objects.get(slug=slug), name=name, description=description, position=position
        )
    for service_slug, needed in DEPENDENCIES:
        Dependency.objects.create(
            service=Service.objects.get(slug=service_slug), depends_on=Service.objects.get(slug=needed)
        )
    create_integration(
        team=Team.objects.get(slug=MONITORED),
        name=MONITORING,
        sender_format=Format.ALERTMANAGER,
        by=None,
        service=Service.objects.get(slug="application"),
    )
    _changes()
    for owner in Team.objects.all():
        _roster(owner)
        _candidates(owner)


def report() -> None:
    """What users said does not work, and nobody has looked at yet."""
    reports.report(
        title="The board shows yesterday's scores",
        text="Since this morning the order of the backlog does not change, whatever I enter.",
        service=Service.objects.get(slug="business"),
        by=person("stakeholder"),
    )
    if settings.REPORTS_FROM_ANYBODY:
        reports.report(title="Your status mails end up in our spam folder", by=None, name="Sam", email=f"sam@{DOMAIN}")


def connect() -> None:
    """What is declared is worked on in the sandbox too, where there is one."""
    if settings.SANDBOX_HTTP_URL:
        for key, told, kept in _connected(settings.SANDBOX_HTTP_URL):
            connection = Connection(provider=key, team=None, told=told)
            connection.secrets = kept
            connection.save()


def watch() -> None:
    """Health checks of what answers in a development installation, and one of what does not."""
    if settings.SANDBOX_HTTP_URL:
        for service, name, kind, target in _watched(settings.SITE_URL, settings.SANDBOX_HTTP_URL):
            check = HealthCheck(service=Service.objects.get(slug=service), name=name, kind=kind, target=target)
            check.full_clean()
            check.save()
            plan_look(check)


def _watched(site: str, sandbox: str) -> Iterator[tuple[str, str, CheckKind, str]]:
    yield "application", "Answers", CheckKind.HTTP, f"{site}/healthz"
    yield "application", "Can page", CheckKind.HTTP, f"{site}/readyz"
    yield "database", "Takes connections", CheckKind.TCP, urlsplit(sandbox).netloc
    yield "container", "Takes connections", CheckKind.TCP, "127.0.0.1:9"
    yield "agents", "Answers", CheckKind.HTTP, f"{site}/agents/healthz"


def _connected(url: str) -> Iterator[tuple[str, dict[str, str], dict[str, str]]]:
    """The providers that the sandbox plays, with what each is told in the open and in secret."""
    yield "slack", {}, {"token": settings.SLACK_BOT_TOKEN}
    yield "pagerduty", {"url": f"{url}/pagerduty"}, {"routing_key": "0" * 32}
    told = {"site": f"{url}/jira", "email": f"admin@{DOMAIN}", "project": "OPS", "priorities": "P0=Highest, P1=High"}
    told["item_priorities"] = "high=High, medium=Medium, low=Low"
    yield "jira", told, {"token": "ATATT-sandbox"}
    told = {"url": f"{url}/zoom", "accounts_url": f"{url}/zoom", "host": "me"}
    yield "zoom", told | {"account_id": "sandbox", "client_id": "sandbox"}, {"client_secret": "0" * 32}
    named = ", ".join(f"{slug}={component}" for slug, component in STATUSPAGE.items())
    yield "statuspage", {"url": f"{url}/statuspage", "page": "ado", "components": named}, {"key": "sandbox"}


def person(login: str) -> User:
    """The person of the demo with that log-in."""
    return User.objects.get(email=f"{login}@{DOMAIN}")


def _person(each: Demonstrator, *, password: str) -> None:
    user = User.objects.create_user(
        each.email,
        password if each.signs_in else None,
        name=each.name,
        time_zone=each.zone,
        is_staff=each.staff,
    )
    for slug, role in each.roles:
        teams.add_member(user, Team.objects.get(slug=slug) if slug else None, role)
    now = clock.now()
    mail = ContactMethod.objects.create(
        person=user, kind=MethodKind.EMAIL, value=each.email, position=1, verified_at=now
    )
    if each.login in IN_SLACK:
        ContactMethod.objects.create(person=user, kind=MethodKind.SLACK, value=each.email, position=3, verified_at=now)
        NotificationRule.objects.create(person=user, urgency=Urgency.LOW, after=timedelta(0), method=mail)
    if each.phone:
        phone = ContactMethod.objects.create(
            person=user, kind=MethodKind.VOICE, value=each.phone, position=2, verified_at=now
        )
        if each.login in CALLED_LATER:
            for after, method in ((timedelta(0), mail), (CALLED_AFTER, phone)):
                NotificationRule.objects.create(person=user, urgency=Urgency.HIGH, after=after, method=method)


def _changes() -> None:
    """GitHub tells of changes, and which repository holds which service."""
    team = Team.objects.get(slug=MONITORED)
    host, _ = create_integration(team=team, name=REPOSITORIES_HOST, sender_format=Format.GITHUB, by=None)
    for repository, slug in REPOSITORIES:
        ChangeRule.objects.create(integration=host, value=repository, service=Service.objects.get(slug=slug))


def _links(service: Service) -> None:
    for kind, title, path in (
        (LinkKind.DASHBOARD, "Dashboard", "grafana/d"),
        (LinkKind.LOGS, "Logs", "logs"),
        (LinkKind.RUNBOOK, "Runbook", "runbooks"),
    ):
        ServiceLink.objects.create(
            service=service, kind=kind, title=title, url=f"https://monitoring.{DOMAIN}/{path}/{service.slug}"
        )


def _roster(team: Team) -> None:
    """A weekly rotation, handed over on Monday at nine, filled from six weeks ago; its first person has this week."""
    members = ROTATIONS[team.slug]
    now = clock.now()
    monday = _monday(now, ZoneInfo(team.time_zone))
    roster = Roster.objects.create(
        slug=team.slug, name=f"{team.name} on-call", team=team, time_zone=team.time_zone, is_primary=True
    )
    layer = Layer.objects.create(
        roster=roster,
        name="Weekly rotation",
        position=1,
        rotation=Rotation.WEEKS,
        length=1,
        handoff_time=HANDOFF,
        handoff_weekday=Weekday.MONDAY,
        starts_on=monday - timedelta(weeks=len(members) * WEEKS_BACK),
    )
    for position, login in enumerate(members, start=1):
        LayerMember.objects.create(layer=layer, person=person(login), position=position)
    rosters.materialise(roster, now=now - timedelta(weeks=WEEKS_BACK))
    rosters.materialise(roster, now=now)


def _monday(now: datetime, zone: ZoneInfo) -> date:
    """The Monday whose week is running in ``zone``; before the handoff on a Monday it is still the week before's."""
    local = now.astimezone(zone)
    running = local.date() if local.time() >= HANDOFF else local.date() - timedelta(days=1)
    return running - timedelta(days=running.weekday())


def _candidates(team: Team) -> None:
    for key, candidates in CANDIDATES.items():
        role = ResponseRole.objects.get(key=key)
        for position, (login, title) in enumerate(candidates, start=1):
            RoleCandidate.objects.create(role=role, team=team, position=position, title=title, person=person(login))
