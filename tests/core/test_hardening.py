"""What production asks for, and what every answer tells the browser."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.test import Client

PROJECT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "x7" * 20 + "-and-much-more-besides",
    "FIELD_KEYS": Fernet.generate_key().decode(),
    "SITE_URL": "https://incidents.example",
    "TRUSTED_PROXIES": "1",
    "FACTOR_REQUIRED_ROLES": "admin,manager",
    "WATCHDOG_TO": "ops@example.com",
    "HEARTBEAT_URL": "https://elsewhere.example/ping",
}


def checked(**variables: str) -> subprocess.CompletedProcess[str]:
    """What ``manage.py check --deploy`` says with these settings; a warning is a failure."""
    given = {name: os.environ[name] for name in ("PATH", "DATA_DIR", "DATABASE_URL")}
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"]
    return subprocess.run(command, cwd=PROJECT, env=given | variables, capture_output=True, text=True)


def test_nothing_is_to_be_said_of_production() -> None:
    run = checked(**PRODUCTION)
    assert (run.returncode, run.stderr) == (0, ""), run.stderr
    assert "no issues" in run.stdout


def test_a_house_that_knows_no_address_behind_its_proxy_is_told() -> None:
    assert "core.W002" in checked(**PRODUCTION | {"TRUSTED_PROXIES": "0"}).stderr


def test_a_house_without_keys_or_tls_is_told(tmp_path: Path) -> None:
    run = checked(**PRODUCTION | {"FIELD_KEYS": "", "SITE_URL": "http://incidents.example"})
    assert run.returncode == 1
    assert "core.E001" in run.stderr
    assert "security.W008" in run.stderr


@pytest.mark.parametrize("path", ["/login/", "/admin/login/", "/healthz", "/nowhere/"])
def test_every_answer_says_what_a_browser_may_do(db: None, path: str) -> None:
    answer = Client().get(path)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert "object-src 'none'" in answer["Content-Security-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_only_the_admin_may_evaluate_and_nobody_runs_what_stands_in_a_page(db: None) -> None:
    ours, admin = (Client().get(path)["Content-Security-Policy"] for path in ("/login/", "/admin/login/"))
    scripts = {name: next(part for part in policy.split("; ") if part.startswith("script-src"))
               for name, policy in (("ours", ours), ("admin", admin))}  # fmt: skip
    assert "unsafe" not in ours
    assert scripts["admin"] == "script-src 'self' 'unsafe-eval'"
    assert "'unsafe-inline'" not in scripts["admin"]


def test_cookies_go_to_this_host_alone_over_tls() -> None:
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", _COOKIES]
    given = {name: os.environ[name] for name in ("PATH", "DATA_DIR", "DATABASE_URL")}
    run = subprocess.run(command, cwd=PROJECT, env=given | PRODUCTION, capture_output=True, text=True)
    assert run.stdout.split() == ["__Host-sessionid", "__Host-csrftoken", *["True"] * 4, "Lax", "Lax", "31536000"]


_COOKIES = """
from django.conf import settings as s
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE,
      s.SESSION_COOKIE_HTTPONLY, s.CSRF_COOKIE_HTTPONLY, s.SESSION_COOKIE_SAMESITE, s.CSRF_COOKIE_SAMESITE,
      s.SECURE_HSTS_SECONDS)
"""
