"""Doing on a page what may leave nobody on call: it asks first, and changes nothing before the yes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from apps.core.errors import HouseError
from apps.desk.forms.told import ToldForm
from apps.desk.pages import say_done, say_failure, viewer
from apps.rosters import actions, gap_questions
from apps.rosters.actions import LeavesGap


def attempt_or_ask(
    request: HttpRequest,
    act: Callable[[], object],
    *,
    rosters: Iterable[int],
    done: str,
    yes: str,
    no: str,
    back: str,
    accepts_all: bool = False,
    form: ToldForm | None = None,
) -> HttpResponse | None:
    """Call ``act``, which writes ``rosters`` (their ids), and return where to go then: ``back``, an address.

    Where nobody would be on call any more, nothing is kept, and the page that names the gaps is returned; its buttons
    say ``yes`` and ``no``. With a yes, or ``accepts_all``, it is done, and said who is left without anybody instead of
    ``done``. None where the house refused, which is said: beside the field of ``form``, where it has the one that is
    meant.
    """
    by, accepted = viewer(request), gap_questions.accepted(request)
    try:
        with actions.refusing_gaps(rosters, by=by, accepted=accepted, accepts_all=accepts_all) as gaps:
            act()
    except LeavesGap as asked:
        context = {**gap_questions.question(request, asked), "yes": yes, "no": no, "back": back}
        return render(request, "people/gap_question.html", context, status=422)
    except HouseError as failure:
        if form is None or not form.is_told(failure):
            say_failure(request, failure)
        return None
    if gaps:
        nobody = [gap for gap in gaps if gap.leaves_nobody]
        named = actions.rosters_in_words(nobody or gaps, by=by)
        left = "Nobody is" if nobody else "Fewer people are"
        messages.warning(
            request, f"Done. {left} on call then for {named}: the managers are told of what begins within 7 days."
        )
    else:
        say_done(request, done)
    return redirect(back)
