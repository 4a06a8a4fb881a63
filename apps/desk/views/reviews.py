"""Reviews of incidents and the action items that follow (R28 to R31)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from apps.core import clock
from apps.core.editing import unchanged
from apps.desk import clock_faces, edited
from apps.desk.forms.reviews import ActionItemForm, ImprovementForm, ReviewForm
from apps.desk.pages import attempt, incident_or_404, led_back, say_invalid, viewer
from apps.incidents import queries as incidents
from apps.incidents.models import ClockName
from apps.incidents.reading import note_reading
from apps.integrations.items import actions as tickets
from apps.postmortems import actions
from apps.postmortems import queries as reviews
from apps.postmortems.models import Postmortem
from apps.teams import access

PAGE_SIZE = 25

#: The clocks that belong to a review.
CLOCKS = (ClockName.CLOSURE, ClockName.REVIEW)


@login_required
def postmortems(request: HttpRequest) -> HttpResponse:
    """All reviews one may see, newest first, each with the deadline that comes first."""
    visible = reviews.reviews_visible_to(viewer(request)).order_by("-pk")
    page = Paginator(visible, PAGE_SIZE).get_page(request.GET.get("page"))
    listed = list(page.object_list)
    running = incidents.current_clocks([review.incident for review in listed])
    rows = [
        (review, clock_faces.most_urgent(each for each in running[review.incident_id].values() if each.name in CLOCKS))
        for review in listed
    ]
    return render(request, "postmortems/list.html", {"page": page, "rows": rows})


@login_required
def postmortem(request: HttpRequest, number: int) -> HttpResponse:
    """One review; POST saves its summary, lead and answers."""
    written = edited.review(number)
    version = written.version()
    review = _review_or_404(request, number)
    form = ReviewForm(request.POST or None, review=review, version=version)

    def save() -> None:
        said = form.cleaned_data
        with unchanged(written, since=form.based_on):
            actions.edit(
                review.pk, by=viewer(request), summary=said["summary"], lead=said["lead"], answers=form.answers()
            )

    if request.method == "POST" and form.is_valid() and attempt(request, save, done="The review is saved.", form=form):
        return redirect("postmortem", number)
    clocks = incidents.current_clocks([review.incident]).get(number, {})
    context = {
        "review": review,
        "incident": review.incident,
        "form": form,
        "clocks": clock_faces.faces(each for name, each in clocks.items() if name in CLOCKS),
        "action_items": reviews.action_items_of(review.incident).prefetch_related("ticket"),
        "improvements": reviews.improvements_visible_to(viewer(request)).filter(incident=number),
        "improvement_form": ImprovementForm(),
        "item_form": ActionItemForm(by=viewer(request)),
        "today": reviews.today(review.incident.team),
        "may_respond": access.may(viewer(request), access.Permission.RESPOND, review),
    }
    return render(request, "postmortems/postmortem.html", context, status=form.status)


@login_required
@require_POST
def finish(request: HttpRequest, number: int) -> HttpResponse:
    """Finish the review, unless a required answer is missing."""
    review = _review_or_404(request, number)
    attempt(request, lambda: actions.finish(review.pk, by=viewer(request)), done="The review is finished.")
    return redirect("postmortem", number)


@login_required
@require_POST
def add_action_item(request: HttpRequest, number: int) -> HttpResponse:
    """Add an action item to the incident."""
    incident = incident_or_404(request, number)
    form = ActionItemForm(request.POST, by=viewer(request))
    if form.is_valid():
        attempt(
            request,
            lambda: actions.add_action_item(incident.pk, by=viewer(request), **form.cleaned_data),
            done="The action item is added.",
        )
    else:
        say_invalid(request, form)
    return redirect("postmortem", number)


@login_required
@require_POST
def add_improvement(request: HttpRequest, number: int) -> HttpResponse:
    """Record what was changed because of the incident."""
    incident = incident_or_404(request, number)
    form = ImprovementForm(request.POST)
    if form.is_valid():
        attempt(
            request,
            lambda: actions.record_improvement(incident.pk, by=viewer(request), **form.cleaned_data),
            done="It links back to the incident now.",
        )
    else:
        say_invalid(request, form)
    return redirect("postmortem", number)


@login_required
@require_POST
def withdraw_improvement(request: HttpRequest, number: int, improvement: int) -> HttpResponse:
    """Take back what was recorded by mistake."""
    found = get_object_or_404(reviews.improvements_visible_to(viewer(request)), pk=improvement, incident=number)
    attempt(request, lambda: actions.withdraw_improvement(found.pk, by=viewer(request)), done="It is taken back.")
    return redirect("postmortem", number)


@login_required
def action_items(request: HttpRequest) -> HttpResponse:
    """What is still to be done, the first due first."""
    items = list(reviews.open_action_items(viewer(request)).prefetch_related("ticket"))
    note_reading(*(item.incident for item in items), by=viewer(request))
    return render(request, "postmortems/action_items.html", {"items": items, "today": clock.now().date()})


@login_required
@require_POST
def complete_action_item(request: HttpRequest, item: int) -> HttpResponse:
    """Record that an action item is done, and go back to where it was ticked."""
    found = get_object_or_404(reviews.open_action_items(viewer(request)), pk=item)
    attempt(request, lambda: actions.complete_action_item(found.pk, by=viewer(request)), done="Done.")
    return led_back(request, otherwise="action_items")


@login_required
@require_POST
def retry_ticket(request: HttpRequest, item: int) -> HttpResponse:
    """Try the ticket of an action item once more, and go back."""
    found = get_object_or_404(reviews.action_items_visible_to(viewer(request)), pk=item)
    attempt(request, lambda: tickets.retry(found.pk, by=viewer(request)), done="It is tried again.")
    return led_back(request, otherwise="action_items")


def _review_or_404(request: HttpRequest, number: int) -> Postmortem:
    review = reviews.reviews_visible_to(viewer(request)).filter(incident=number).first()
    if review is None:
        raise Http404(f"No review of INC-{number}.")
    note_reading(review.incident, by=viewer(request))
    return review
