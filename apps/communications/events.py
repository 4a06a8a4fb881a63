"""What other apps may hear of messages to those outside."""

#: A post for social media was approved, and is to be posted; the subject is the post.
SOCIAL_POST_APPROVED = "communications.social_post_approved"
