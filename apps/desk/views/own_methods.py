"""One's own contact methods: each view reads a form, calls one action, and goes back to the profile."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from apps.contacts import actions
from apps.contacts.models import ContactMethod, MethodKind
from apps.core.editing import unchanged
from apps.core.encryption import concealed
from apps.desk import edited, own_methods
from apps.desk.forms.editing import typed
from apps.desk.forms.profile import CodeForm, LabelForm, MethodForm, PushForm
from apps.desk.pages import attempt, say_invalid, viewer
from apps.desk.views.profile import shown
from apps.teams.sensitive import require

#: What a method's name is where a browser gives none.
A_BROWSER = "A browser"


@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Add a way to reach me, and have its code sent where that can be done."""
    _ask_before_another(request)
    form = MethodForm(request.POST, auto_id="method_%s")
    if not form.is_valid():
        return shown(request, status=422, method_form=form)
    known = form.cleaned_data
    _add(request, kind=MethodKind(known["kind"]), value=known["value"], label=known["label"])
    return _back()


@login_required
@require_POST
def add_browser(request: HttpRequest) -> HttpResponse:
    """Let this browser be a push device; one that subscribes again gets a new code, not a second row."""
    _ask_before_another(request)
    form = PushForm(request.POST)
    if not form.is_valid():
        say_invalid(request, form)
        return _back()
    known = form.cleaned_data
    here = viewer(request).contact_methods.filter(kind=MethodKind.PUSH, value=concealed(known["value"])).first()
    if here is not None:
        _send_code(request, here)
        return _back()
    _add(
        request,
        kind=MethodKind.PUSH,
        value=known["value"],
        label=known["label"] or A_BROWSER,
        details={"keys": {"p256dh": known["p256dh"], "auth": known["auth"]}},
    )
    return _back()


@login_required
@require_POST
def send_code(request: HttpRequest, method: int) -> HttpResponse:
    """Have a code sent to the method."""
    _send_code(request, _own(request, method))
    return _back()


@login_required
@require_POST
def verify(request: HttpRequest, method: int) -> HttpResponse:
    """Read the code that its person typed."""
    found, form = _own(request, method), CodeForm(request.POST)
    if not form.is_valid():
        say_invalid(request, form)
        return _back()
    attempt(
        request,
        lambda: actions.confirm_code(found, code=form.cleaned_data["code"], by=viewer(request)),
        done=f"Verified: you are paged by {found} from now on.",
    )
    return _back()


@login_required
@require_POST
def label(request: HttpRequest, method: int) -> HttpResponse:
    """Call the method something."""
    found, form = _own(request, method), LabelForm(request.POST)
    if not form.is_valid():
        say_invalid(request, form)
        return _back()

    def save() -> None:
        with unchanged(edited.method(method), since=form.based_on):
            actions.label_method(found, label=form.cleaned_data["label"], by=viewer(request))

    if not attempt(request, save, done="The name is saved.", form=form) and form.changed:
        return shown(request, status=form.status, unsaved=typed(form), changed=form.changed)
    return _back()


@login_required
@require_POST
def move_up(request: HttpRequest, method: int) -> HttpResponse:
    """Let the method be used before the one that stands above it."""
    found, person = _own(request, method), viewer(request)
    order = [each.pk for each in person.contact_methods.order_by("position", "pk")]
    place = order.index(found.pk)
    if place:
        order[place - 1], order[place] = order[place], order[place - 1]
    attempt(request, lambda: actions.order_methods(person, order=order, by=person), done="")
    return _back()


@login_required
@require_POST
def remove(request: HttpRequest, method: int) -> HttpResponse:
    """Take the method away; the last one by which one can be paged only by whoever says that they are sure."""
    found = _own(request, method)
    if found.verified_at is not None:
        require(request)
    if own_methods.is_last_usable(found) and request.POST.get("sure") != "yes":
        return render(request, "people/remove_last.html", {"method": found})
    attempt(
        request,
        lambda: actions.remove_method(found, by=viewer(request)),
        done=f"Removed: {found}.",
    )
    return _back()


def _ask_before_another(request: HttpRequest) -> None:
    if own_methods.is_reached_otherwise(viewer(request)):
        require(request)


def _add(
    request: HttpRequest, *, kind: MethodKind, value: str, label: str, details: dict[str, object] | None = None
) -> None:
    person = viewer(request)
    added: list[ContactMethod] = []

    def act() -> None:
        added.append(actions.add_method(person, kind=kind, value=value, label=label, details=details, by=person))

    if attempt(request, act, done="") and own_methods.faces(person)[-1].asks_code:
        _send_code(request, added[0])


def _send_code(request: HttpRequest, method: ContactMethod) -> None:
    attempt(
        request,
        lambda: actions.request_code(method, by=viewer(request)),
        done=f"A code is on its way by {method}. Type it below.",
    )


def _own(request: HttpRequest, method: int) -> ContactMethod:
    """The method of that id, if it is the viewer's own: those of others do not exist here."""
    return get_object_or_404(viewer(request).contact_methods.all(), pk=method)


def _back() -> HttpResponse:
    return HttpResponseRedirect(f"{reverse('profile')}#methods")
