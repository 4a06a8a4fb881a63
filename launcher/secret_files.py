"""Files that only their owner may read."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Callable
from pathlib import Path


def keep(path: Path, content: str) -> None:
    """Write ``content`` to ``path`` with mode 0600, replacing it at once: a reader sees the old text or the new."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


def lasting(path: Path, make: Callable[[], str]) -> str:
    """What is kept in ``path``; made by ``make`` the first time."""
    if not path.exists():
        keep(path, make() + "\n")
    return path.read_text(encoding="utf-8").strip()


def lasting_secret(path: Path, length: int = 32) -> str:
    """The secret kept in ``path``; made of ``length`` random bytes the first time."""
    return lasting(path, lambda: secrets.token_urlsafe(length))


def lasting_key(path: Path) -> str:
    """The key kept in ``path``, 32 bytes as URL-safe Base64; made the first time. One may put newer ones before it."""
    return lasting(path, lambda: base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
