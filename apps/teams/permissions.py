"""What a token's scope allows. What the person behind it may do is decided by ``access`` in each action."""

from __future__ import annotations

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.teams import access
from apps.teams.models import ApiToken, Scope

#: Scopes contain one another; ingest and provision stand alone.
CONTAINED: dict[str, frozenset[Scope]] = {
    Scope.READ: frozenset({Scope.READ}),
    Scope.RESPOND: frozenset({Scope.READ, Scope.RESPOND}),
    Scope.MANAGE: frozenset({Scope.READ, Scope.RESPOND, Scope.MANAGE}),
    Scope.INGEST: frozenset({Scope.INGEST}),
    Scope.PROVISION: frozenset({Scope.PROVISION}),
}


class ScopedAndSignedIn(BasePermission):
    """Signed in, and with a token whose scope is wide enough: ``read`` to look, else the view's ``write_scope``.

    What is somebody's own, whatever their team (a view that is ``personal``), takes a token without a limit to teams.
    """

    message = "The token's scope, or its limit to teams, does not allow this."

    def has_permission(self, request: Request, view: Any) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if access.is_limited(request.user) and getattr(view, "personal", False):
            return False
        needed = Scope.READ if request.method in SAFE_METHODS else getattr(view, "write_scope", Scope.RESPOND)
        return reaches(request, needed)


def reaches(request: Request, scope: Scope) -> bool:
    """Whether the credentials of a request that was let in reach as far as ``scope``; a session's reach everywhere."""
    return not isinstance(request.auth, ApiToken) or scope in CONTAINED[request.auth.scope]
