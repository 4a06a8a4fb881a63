"""What SCIM is made of is not loaded before anybody asks for it: every start of the house would wait for it."""

from __future__ import annotations

import subprocess
import sys

from django.conf import settings

_ASKS = """
import sys, django
django.setup()
from django.core.management import call_command
call_command("check")
print("scim2_models" in sys.modules)
"""


def test_the_addresses_of_the_house_are_read_without_the_models_of_scim() -> None:
    run = subprocess.run(
        [sys.executable, "-c", _ASKS], cwd=settings.BASE_DIR, capture_output=True, text=True, check=True
    )
    assert run.stdout.splitlines()[-1] == "False"
