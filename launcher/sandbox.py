"""The variables of the sandbox: where it is, and the providers' secrets, which it shares with the product."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from launcher.ports import LOOPBACK, free_port, lasting_port
from launcher.secret_files import lasting, lasting_secret

NUMBER = "+15005550006"


def sandbox_variables(data_dir: Path, given: Mapping[str, str]) -> dict[str, str]:
    """Everything that makes a fresh installation send to the sandbox; what ``given`` sets stays as it is.

    Secrets and the HTTP port are made once and kept in ``data_dir``: devices that subscribed know their addresses.
    """
    http_port = given.get("SANDBOX_HTTP_PORT") or str(lasting_port(data_dir / "sandbox_http_port"))
    smtp_port, url = free_port(), f"http://{LOOPBACK}:{http_port}"
    fixed = {
        "SANDBOX_DIR": str(data_dir / "sandbox"),
        "SANDBOX_SMTP_PORT": str(smtp_port),
        "SANDBOX_HTTP_PORT": http_port,
        "EMAIL_URL": f"smtp://{LOOPBACK}:{smtp_port}",
    }
    standard = {
        "SANDBOX_HTTP_URL": url,
        "WATCHDOG_TO": "admin@example.com",
        "TWILIO_API_URL": url,
        "TWILIO_ACCOUNT_SID": lasting(data_dir / "twilio_account_sid", lambda: f"AC{secrets.token_hex(16)}"),
        "TWILIO_AUTH_TOKEN": lasting(data_dir / "twilio_auth_token", lambda: secrets.token_hex(16)),
        "TWILIO_SMS_FROM": NUMBER,
        "TWILIO_VOICE_FROM": NUMBER,
        "SLACK_API_URL": f"{url}/api/",
        "SLACK_BOT_TOKEN": lasting(data_dir / "slack_bot_token", lambda: f"xoxb-{secrets.token_urlsafe(24)}"),
        "SLACK_SIGNING_SECRET": lasting_secret(data_dir / "slack_signing_secret"),
        "VAPID_PRIVATE_KEY": lasting(data_dir / "vapid_private_key", _private_key),
        "VAPID_SUBJECT": "mailto:admin@example.com",
        "OUTBOUND_PRIVATE": "allowed",
        "REPORTS_FROM_ANYBODY": "true",
    }
    return fixed | {name: given.get(name) or value for name, value in standard.items()}


def _private_key() -> str:
    """A private key for VAPID: the number of a P-256 key, in base64url."""
    number = ec.generate_private_key(ec.SECP256R1()).private_numbers().private_value
    return base64.urlsafe_b64encode(number.to_bytes(32, "big")).rstrip(b"=").decode()
