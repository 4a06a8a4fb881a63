"""What stands before passwords are checked."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from apps.identity import devices, guesses
from apps.teams.models import User


class GuessesBackend:
    """Refuses any password, as it would a wrong one, where too many were wrong and the browser is not known.

    It signs nobody in. Passkeys and identity providers do not come by here, nor does a page's signed link.
    """

    def authenticate(self, request: HttpRequest | None, password: str | None = None, **credentials: Any) -> None:
        """Raise PermissionDenied, which ends the attempt and is counted as one; else let the others look."""
        named = credentials.get("email") or credentials.get("username") or ""
        person = User.objects.filter(email__iexact=str(named).strip()).first() if named else None
        if request is None or person is None or not guesses.are_spent(person) or devices.is_known(request, person):
            return
        guesses.tell(person)
        User().set_password(password)  # takes as long as a look at a wrong one
        raise PermissionDenied
