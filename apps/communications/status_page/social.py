"""Posts for social media: proposed, approved by a person, and posted by whatever is connected (R26)."""

from __future__ import annotations

from django.db import transaction

from apps.communications.events import SOCIAL_POST_APPROVED
from apps.communications.models import LONGEST_POST, PostState, Publication, SocialPost
from apps.communications.status_page import queries
from apps.core import clock
from apps.core.errors import Invalid, NotAllowed, RuleViolation
from apps.core.events import publish
from apps.core.history import made_by
from apps.incidents import timeline
from apps.incidents.actions.locking import locked
from apps.incidents.models import EventKind, Incident, Via
from apps.teams import access
from apps.teams.models import User


@transaction.atomic
def propose(incident_id: int, *, text: str, by: User, via: Via = Via.WEB) -> SocialPost:
    """Propose a post about an incident that is on the status page; nothing leaves the house.

    Raises Invalid for a text that is none or too long, RuleViolation for what is not on the page, NotAllowed for who
    does not speak for the incident (``queries.may_publish``).
    """
    incident = locked(incident_id, by=by)
    if not queries.may_publish(by, incident):
        raise NotAllowed(f"{by} does not speak to customers for {incident}: its commander and communications lead do.")
    text = " ".join(text.split())
    if not 0 < len(text) <= LONGEST_POST:
        raise Invalid(f"Say it in at most {LONGEST_POST} characters.", field="text")
    post = SocialPost(publication=_standing(incident), text=text, proposed_by=by, proposed_at=clock.now())
    made_by(post, by)
    post.save()
    _tell(incident, post, f"Proposed for social media: {text}", by=by, via=via)
    return post


@transaction.atomic
def approve(post_id: int, *, by: User, via: Via = Via.WEB) -> SocialPost:
    """Have it posted (SOCIAL_POST_APPROVED).

    Raises NotAllowed for who does not command the incident, RuleViolation for one that was decided, or that is about
    what is not on the status page any more.
    """
    incident, post = _decided(post_id, by=by)
    _standing(incident)
    _decide(post, PostState.APPROVED, by=by)
    _tell(incident, post, f"Approved for social media: {post.text}", by=by, via=via)
    publish(SOCIAL_POST_APPROVED, post)
    return post


@transaction.atomic
def refuse(post_id: int, *, by: User, via: Via = Via.WEB) -> SocialPost:
    """Have it never posted. Raises as ``approve``, but whatever became of the incident."""
    incident, post = _decided(post_id, by=by)
    _decide(post, PostState.REFUSED, by=by)
    _tell(incident, post, f"Not approved for social media: {post.text}", by=by, via=via)
    return post


def still_to_be_posted(post_id: int) -> SocialPost | None:
    """The post, if it is approved, was not posted, and is about what everybody may still read of; else None."""
    found = SocialPost.objects.filter(pk=post_id, state=PostState.APPROVED, publication__in=queries.standing())
    return found.select_related("publication__incident__team").first()


@transaction.atomic
def note_posted(post_id: int) -> None:
    """Record that it left the house."""
    incident, post = _locked(post_id)
    post.state, post.sent_at, post.error = PostState.SENT, clock.now(), ""
    post.save()
    _tell(incident, post, f"Posted in social media: {post.text}", by=None, via=Via.ENGINE)


@transaction.atomic
def note_failed(post_id: int, error: str) -> None:
    """Record why it did not, for good."""
    incident, post = _locked(post_id)
    post.state, post.error = PostState.FAILED, error[:300]
    post.save()
    _tell(incident, post, f"Not posted in social media: {post.error}", by=None, via=Via.ENGINE)


def _standing(incident: Incident) -> Publication:
    publication = queries.standing().filter(incident=incident).first()
    if publication is None:
        raise RuleViolation(f"{incident} is not on the status page: nothing is said of it anywhere else.")
    return publication


def _decided(post_id: int, *, by: User) -> tuple[Incident, SocialPost]:
    incident, post = _locked(post_id)
    access.require(by, access.Permission.COMMAND, incident)
    if post.state != PostState.PROPOSED:
        raise RuleViolation(f"It is decided already: {post.get_state_display().lower()}.")
    return incident, post


def _decide(post: SocialPost, state: PostState, *, by: User) -> None:
    post.state, post.decided_by, post.decided_at = state, by, clock.now()
    made_by(post, by)
    post.save()


def _locked(post_id: int) -> tuple[Incident, SocialPost]:
    incident = locked(SocialPost.objects.values_list("publication__incident", flat=True).get(pk=post_id))
    return incident, SocialPost.objects.select_related("publication").get(pk=post_id)


def _tell(incident: Incident, post: SocialPost, text: str, *, by: User | None, via: Via) -> None:
    timeline.record(
        incident, EventKind.SOCIAL_POST, text=text, actor=by, via=via, data={"post": post.pk, "state": post.state}
    )
