"""Whether somebody confirmed a short while ago who they are: the one place that knows.

A session lasts for days, and a screen may stand open. Before what gives away or changes access (tokens, roles, keys of
integrations, ways of signing in, exports) the credential is asked for again. Signing in counts as confirming; by an
identity provider from when that one asked for it, if it says when.
``docs/sign-in.md`` lists what asks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.signals import authentication_step_completed
from django.conf import settings
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from rest_framework.request import Request

from apps.core import clock
from apps.core.errors import NotAllowed
from apps.teams.models import ApiToken

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]

#: By this a page knows that it is come back to, with what was typed there (static/ado/typed.js).
TYPED = "#typed"
_CONFIRMED_AT = "confirmed_at"
_FACTOR_ELSEWHERE = "factor_elsewhere"
#: On the request by which somebody comes back from a provider.
_ELSEWHERE = "_proved_elsewhere"


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    asked_at: datetime | None
    with_factor: bool


class NotConfirmed(NotAllowed):
    """The credential has to be asked for first: a page leads there (``middleware``), the API refuses."""

    def __init__(self) -> None:
        super().__init__("Confirm first that it is you.")


def is_confirmed(request: HttpRequest) -> bool:
    """Whether whoever is signed in confirmed it less than ``settings.CONFIRMED_FOR`` ago."""
    at = request.session.get(_CONFIRMED_AT)
    return at is not None and clock.now() - datetime.fromtimestamp(at, UTC) < settings.CONFIRMED_FOR


def require(request: HttpRequest) -> None:
    """Raise NotConfirmed unless it is."""
    if not is_confirmed(request):
        raise NotConfirmed


def require_of_session(request: Request) -> None:
    """The same for a request of the API that came with a browser's session. A token is asked for nothing more."""
    if not isinstance(request.auth, ApiToken):
        require(request._request)


def proved_elsewhere(request: HttpRequest, *, asked_at: datetime | None, with_factor: bool) -> None:
    """Note of whoever comes back from a provider that it asked them then (None: it does not say), and for two factors.

    To be called before they are signed in.
    """
    setattr(request, _ELSEWHERE, _Elsewhere(asked_at, with_factor))


def factor_was_elsewhere(request: HttpRequest) -> bool:
    """Whether the session began by a provider that asked for a second factor."""
    return bool(request.session.get(_FACTOR_ELSEWHERE))


def require_session(request: Request, refusal: str) -> None:
    """The same for what no token may do, whatever its scope. Raises NotAllowed, for a token with ``refusal``."""
    if isinstance(request.auth, ApiToken):
        raise NotAllowed(refusal)
    require_of_session(request)


def confirmed(view: View[P]) -> View[P]:
    """Let the view run only for whoever confirmed who they are; goes inside ``login_required``."""

    @wraps(view)
    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        require(request)
        return view(request, *args, **kwargs)

    return guarded


class SensitiveAdmin:
    """Rows whose forms ask for the credential, before they are shown: nothing that was typed is lost.

    Whoever may only look is not asked. So does deleting rows, one by its page or several by the list; other actions on
    several rows call ``require`` themselves.
    """

    def changeform_view(self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any) -> Any:
        self._ask_who_may_write(request)
        return super().changeform_view(request, object_id, *args, **kwargs)  # type: ignore[misc]  # of the admin

    def history_form_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        self._ask_who_may_write(request)
        return super().history_form_view(request, *args, **kwargs)  # type: ignore[misc]  # of the admin

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What is to be deleted along: both ways of deleting ask for it before they show or do anything."""
        require(request)
        return super().get_deleted_objects(objs, request)  # type: ignore[misc]  # of the admin

    def _ask_who_may_write(self, request: HttpRequest) -> None:
        if self.has_add_permission(request) or self.has_change_permission(request):  # type: ignore[attr-defined]
            require(request)


@receiver(user_logged_in)
def signing_in_confirms(request: HttpRequest, **_: Any) -> None:
    """Whoever signed in just now need not say it twice."""
    elsewhere: _Elsewhere | None = getattr(request, _ELSEWHERE, None)
    request.session[_FACTOR_ELSEWHERE] = elsewhere is not None and elsewhere.with_factor
    _confirm(request)


@receiver(authentication_step_completed)
def every_step_confirms(request: HttpRequest, user: Any, **_: Any) -> None:
    """A credential that was asked for again; a step of a sign-in that is not complete counts for nothing."""
    if request.user == user:
        _confirm(request)


def _confirm(request: HttpRequest) -> None:
    elsewhere: _Elsewhere | None = getattr(request, _ELSEWHERE, None)
    at = clock.now() if elsewhere is None else elsewhere.asked_at
    if at is not None:
        request.session[_CONFIRMED_AT] = at.timestamp()
