"""The roles and the database inside the embedded server: one role owns, the other works (design, "Append-only")."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import psycopg
from psycopg import sql

from launcher.ports import LOOPBACK

DATABASE = "ado"
OWNER = "ado_owner"
APPLICATION = "ado_app"
EXTENSIONS = ("btree_gist", "pg_trgm")


@dataclass(frozen=True)
class Addresses:
    """How to connect to the server, as each role."""

    port: int
    superuser_password: str
    owner_password: str
    application_password: str

    @classmethod
    def with_new_passwords(cls, port: int, *, superuser_password: str) -> Addresses:
        """Addresses on ``port``; the passwords of owner and application are new and hold for this run."""
        return cls(port, superuser_password, secrets.token_urlsafe(24), secrets.token_urlsafe(24))

    @property
    def maintenance(self) -> str:
        """The superuser in the database ``postgres``."""
        return self._url("postgres", self.superuser_password, "postgres")

    @property
    def superuser(self) -> str:
        """The superuser in the product's database."""
        return self._url("postgres", self.superuser_password, DATABASE)

    @property
    def owner(self) -> str:
        """DATABASE_OWNER_URL: owns the database and migrates it."""
        return self._url(OWNER, self.owner_password, DATABASE)

    @property
    def application(self) -> str:
        """DATABASE_URL: works with the data and may not rewrite what is append-only."""
        return self._url(APPLICATION, self.application_password, DATABASE)

    def _url(self, role: str, password: str, database: str) -> str:
        return f"postgresql://{role}:{password}@{LOOPBACK}:{self.port}/{database}"


def create_roles_and_database(addresses: Addresses) -> None:
    """Bring the server to: both roles with the passwords of ``addresses``, the database, its extensions. Idempotent."""
    with psycopg.connect(addresses.maintenance, autocommit=True) as connection:
        _role(connection, OWNER, addresses.owner_password, "LOGIN CREATEDB")
        _role(connection, APPLICATION, addresses.application_password, "LOGIN")
        if not _exists(connection, "SELECT 1 FROM pg_database WHERE datname = %s", DATABASE):
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), sql.Identifier(OWNER))
            )
    with psycopg.connect(addresses.superuser, autocommit=True) as connection:
        for extension in EXTENSIONS:
            connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))


def _role(connection: psycopg.Connection, name: str, password: str, rights: str) -> None:
    verb = "ALTER" if _exists(connection, "SELECT 1 FROM pg_roles WHERE rolname = %s", name) else "CREATE"
    statement = sql.SQL(f"{verb} ROLE {{}} WITH {rights} PASSWORD {{}}")
    connection.execute(statement.format(sql.Identifier(name), sql.Literal(password)))


def _exists(connection: psycopg.Connection, query: str, value: str) -> bool:
    return connection.execute(query, [value]).fetchone() is not None
