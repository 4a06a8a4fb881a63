"""docker-compose.yml runs what the launcher runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from launcher import commands
from launcher.databases import APPLICATION, DATABASE, EXTENSIONS, OWNER

PROJECT = Path(__file__).resolve().parents[2]
PROGRAMS = {
    "migrate": commands.MIGRATE,
    "web": commands.web("0.0.0.0", 8000),  # noqa: S104  (inside a container)
    "worker": commands.WORKER,
    "chores": commands.CHORES,
    "beat": commands.BEAT,
    "standby": commands.STANDBY,
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    return YAML(typ="safe").load(PROJECT / "docker-compose.yml")


@pytest.mark.parametrize("service", PROGRAMS)
def test_a_service_runs_the_launchers_command(compose: dict[str, Any], service: str) -> None:
    assert compose["services"][service]["command"] == ["python", *PROGRAMS[service]]


def test_the_image_serves_the_pages_by_itself() -> None:
    last = (PROJECT / "Dockerfile").read_text().strip().splitlines()[-1]
    assert YAML(typ="safe").load(last.removeprefix("CMD ")) == ["python", *PROGRAMS["web"]]


def test_services_and_volumes_that_are_referred_to_exist(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert services.keys() == {"postgres", "valkey", *PROGRAMS}
    for service in services.values():
        assert set(service.get("depends_on", {})) <= services.keys()
        named = {volume.split(":")[0] for volume in service.get("volumes", []) if not volume.startswith(".")}
        assert named <= compose["volumes"].keys()


def test_only_the_migration_connects_as_the_owner(compose: dict[str, Any]) -> None:
    environments = {name: str(compose["services"][name]["environment"]) for name in PROGRAMS}
    assert [name for name, environment in environments.items() if OWNER in environment] == ["migrate"]
    assert all(f"//{APPLICATION}:" in environment for environment in environments.values())


def test_every_setting_reaches_the_programs_and_the_owners_password_none(compose: dict[str, Any]) -> None:
    for name in PROGRAMS:
        assert compose["services"][name]["env_file"] == [{"path": "settings.env", "required": False}]


def test_the_port_is_published_to_the_machine_itself_alone(compose: dict[str, Any]) -> None:
    assert [port.partition(":")[0] for port in compose["services"]["web"]["ports"]] == ["127.0.0.1"]


def test_the_roles_are_those_of_the_embedded_server() -> None:
    script = (PROJECT / "deploy" / "roles.sh").read_text()
    wanted = [f"CREATE ROLE {OWNER} ", f"CREATE ROLE {APPLICATION} ", f"CREATE DATABASE {DATABASE} OWNER {OWNER};"]
    wanted += [f"CREATE EXTENSION {extension};" for extension in EXTENSIONS]
    assert [line for line in wanted if line not in script] == []
