"""What a roster's page shows before it is saved: the next six weeks, and where nobody would be on call any more."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, time, timedelta
from typing import Any, cast

from django.contrib import messages
from django.contrib.admin.utils import unquote
from django.db import IntegrityError, transaction
from django.forms import BaseFormSet, ModelForm
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from apps.core import clock
from apps.core.errors import HouseError
from apps.core.walltime import instant
from apps.core.zones import zone_or_utc
from apps.rosters import actions, findings, gap_questions, picture, planning, zone_news
from apps.rosters.actions import GapWatch, LeavesGap
from apps.rosters.calendars.reading import reading_first
from apps.rosters.models import Roster
from apps.rosters.rules import Window, clipped
from apps.teams.admin_access import HouseAdmin
from apps.teams.models import User

WEEKS = 6
#: So far ahead is looked for what is wrong: as far as the page about coverage does.
LOOKED_AHEAD = timedelta(days=90)


def preview(roster: Roster, *, now: datetime, asked: Sequence[str] = ()) -> SafeString:
    """The six weeks from this Monday on as ``roster`` and its rows say now, drawn from ``now`` on, and what is wrong.

    That is looked for within LOOKED_AHEAD. ``asked`` is what saving would ask, in sentences.
    """
    zone = zone_or_utc(roster.time_zone)
    first = picture.week_of(now, zone)
    drawn = Window(now, instant(first + WEEKS * picture.A_WEEK, time(0), zone))
    looked_at = Window(now, now + LOOKED_AHEAD)
    layers = planning.by_layer(roster, drawn)
    coming = planning.planned(roster, looked_at)
    found = findings.of_plan_in_words(roster, coming, looked_at, layers=[layer for layer, _ in layers])
    rows = [picture.Row(layer.name, stretches) for layer, stretches in reversed(layers)]
    rows.append(picture.Row("On call", list(clipped(coming, drawn)), is_result=True))
    context = {
        "picture": picture.drawn(
            rows,
            first=first,
            weeks=WEEKS,
            zone=zone,
            people=User.objects.in_bulk({stretch.person for row in rows for stretch in row.stretches}),
            now=now,
            wanted=found.wanted,
        ),
        "zone": zone,
        "findings": found,
        "asked": asked,
        "zone_news": zone_news.of(roster, [layer for layer, _ in layers], now=now),
    }
    return render_to_string("admin/rosters/_six_weeks.html", context)


def mistakes(form: ModelForm[Any], formsets: Iterable[BaseFormSet[Any]]) -> Iterator[str]:
    """What is still to be mended on the page, in words."""
    for each in [form, *_forms_of(formsets)]:
        for name, errors in each.errors.items():
            label = each[name].label if name in each.fields else ""
            yield from (f"{label}: {error}" if label else str(error) for error in errors)
    for formset in formsets:
        yield from map(str, formset.non_form_errors())


def _forms_of(formsets: Iterable[BaseFormSet[Any]]) -> Iterator[Any]:
    for formset in formsets:
        for form in formset.forms:
            yield form
            yield from _forms_of([nested.formset for nested in getattr(form, "nested_formsets", ())])


def _settled(attempt: Callable[[], HttpResponse]) -> HttpResponse:
    """What ``attempt`` answers; made anew where somebody saved the same slug, say, after its form had looked for it.

    They have committed by then, so that this time the form says so.
    """
    try:
        return attempt()
    except IntegrityError:
        return attempt()


def _concerned(request: HttpRequest, object_id: str | None) -> set[int]:
    """The rosters that saving the page writes: its own, the one it stands in for, and the one it is to stand in for."""
    said = [object_id or "", request.POST.get("stands_in_for", "")]
    found = {int(pk) for pk in said if pk.isascii() and pk.isdecimal() and len(pk) < 18}
    stood_for = Roster.objects.filter(pk__in=found).exclude(stands_in_for=None).values_list("stands_in_for", flat=True)
    return found.union(pk for pk in stood_for if pk is not None)


class PreviewedAdmin(HouseAdmin):
    """The part of a roster's page that saves on trial: for the preview, and to ask before a gap is made."""

    def preview_view(self, request: HttpRequest, object_id: str | None = None, **_: Any) -> HttpResponse:
        """The drawn weeks as the form would make them, or what has to be mended first. Nothing is saved (POST)."""
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        if object_id is not None and self.get_object(request, unquote(object_id)) is None:
            raise Http404
        request.previewed = ""  # type: ignore[attr-defined]  # filled in by save_related

        def attempt() -> HttpResponse:
            with self._watching(request, object_id):
                answer = self._trial(request, object_id)
                transaction.set_rollback(True)
                return answer

        try:
            answer = reading_first(lambda: _settled(attempt))
        except HouseError as refused:
            return HttpResponse(render_to_string("admin/rosters/_not_yet.html", {"mistakes": [str(refused)]}))
        context = getattr(answer, "context_data", None) or {}
        if request.previewed:  # type: ignore[attr-defined]
            return HttpResponse(request.previewed)  # type: ignore[attr-defined]
        formsets = [each.formset for each in context.get("inline_admin_formsets", [])]
        form = context["adminform"].form if "adminform" in context else None
        missing = list(mistakes(form, formsets)) if form is not None else []
        return HttpResponse(render_to_string("admin/rosters/_not_yet.html", {"mistakes": missing}))

    def _trial(self, request: HttpRequest, object_id: str | None) -> HttpResponse:
        """What saving would answer."""
        answer: HttpResponse = super().changeform_view(request, object_id)
        return answer

    def _say_mistakes(self, request: HttpRequest, answer: HttpResponse) -> None:
        """Say above the page what is to be mended: an error in a row of a layer is easily overlooked."""
        context = getattr(answer, "context_data", None) or {}
        if "adminform" in context:
            formsets = [each.formset for each in context["inline_admin_formsets"]]
            found = list(dict.fromkeys(mistakes(context["adminform"].form, formsets)))
            if found:
                self.message_user(request, f"Nothing was saved. {' '.join(found[:5])}", messages.ERROR)

    def message_user(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        """Say what was done, but not of what is done on trial."""
        if not hasattr(request, "previewed"):
            super().message_user(request, *args, **kwargs)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Save, unless that made a gap that nobody said yes to: then nothing is saved, and the page asks."""

        def save() -> HttpResponse:
            answer: HttpResponse = super(PreviewedAdmin, self).changeform_view(
                request, object_id, form_url, extra_context
            )
            return answer

        if request.method != "POST":
            return save()
        return reading_first(lambda: self.saved_or_asked(request, object_id, save))

    def saved_or_asked(
        self, request: HttpRequest, object_id: str | None, save: Callable[[], HttpResponse]
    ) -> HttpResponse:
        """What ``save`` answers; where it makes a gap that nobody said yes to, nothing is saved, and it is asked first.

        All rosters that it concerns are locked first, by their ids: the page is read and saved as they are then.
        """

        def attempt() -> HttpResponse:
            with self._watching(request, object_id):
                return save()

        try:
            answer = _settled(attempt)
        except LeavesGap as asked:
            request.asked = asked  # type: ignore[attr-defined]  # for the form
        except HouseError as refused:
            self.message_user(request, str(refused), messages.ERROR)
            return redirect(request.path)
        else:
            self._say_mistakes(request, answer)
            return answer
        if request.FILES:
            self.message_user(request, "A chosen file has to be chosen again.", messages.WARNING)
        return save()

    @contextmanager
    def _watching(self, request: HttpRequest, object_id: str | None) -> Iterator[None]:
        """One transaction, in which all rosters that the page writes are locked and looked at first."""
        with transaction.atomic():
            watch = GapWatch(_concerned(request, object_id), by=cast("User", request.user))
            request.watch = watch  # type: ignore[attr-defined]  # for fill_and_look
            yield

    def fill_and_look(self, request: HttpRequest, roster: Roster, *, is_new: bool = False) -> None:
        """Fill the shifts and see that no gap was made unasked; for a preview draw them, and what would be asked.

        Raises LeavesGap unless whoever sent the page ticked to save all the same when these gaps were named.
        """
        now = clock.now()
        left = getattr(request, "stood_for", None)
        if left is not None and left != roster.stands_in_for_id:
            actions.materialise(Roster.objects.get(pk=left), now=now)
        actions.materialise(roster, now=now)
        watch: GapWatch = request.watch  # type: ignore[attr-defined]
        made = watch.made(new=roster if is_new else None)
        accepted = gap_questions.accepted(request) if request.POST.get("accept_gaps") == "on" else []
        asked: list[str] = []
        try:
            watch.refuse(made, accepted)
        except LeavesGap as question:
            if not hasattr(request, "previewed"):
                raise
            asked = question.sentences
        if hasattr(request, "previewed"):
            request.previewed = preview(roster, now=now, asked=asked)
