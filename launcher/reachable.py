"""Whether a database of one's own answers, said before anything is built on it."""

from __future__ import annotations

import psycopg
from psycopg.conninfo import conninfo_to_dict

from launcher.errors import LaunchError

PATIENCE = 5
"""Seconds for one connection."""


def require_database(variable: str, url: str) -> None:
    """Return once the database that ``variable`` names answers. Raises LaunchError, which never tells a password.

    What cannot be read as an address is not repeated: nobody knows which part of it is the password.
    """
    try:
        address = _address(url)
    except (psycopg.Error, ValueError):
        raise LaunchError(
            f"{variable} is not the address of a PostgreSQL database; "
            "expected postgresql://user:password@host:5432/name, with %40 for an @ in the password."
        ) from None
    try:
        psycopg.connect(url, connect_timeout=PATIENCE).close()
    except (psycopg.OperationalError, UnicodeError) as error:  # the latter: no name that a server can have
        why = str(error).partition("\n")[0].strip()
        raise LaunchError(f"The database of {variable}, {address}, cannot be reached: {why}") from None


def _address(url: str) -> str:
    """``host:port/name`` of the database. Raises psycopg.Error or ValueError where that is not what ``url`` says."""
    said = {name: str(value) for name, value in conninfo_to_dict(url).items()}
    host, port, name = said.get("host", "localhost"), int(said.get("port", "5432")), said.get("dbname", "")
    if "://" not in url or "@" in host + name:  # an @ or / in the password was not written as %40 or %2F
        raise ValueError
    return f"[{host}]:{port}/{name}" if ":" in host else f"{host}:{port}/{name}"
