"""What a browser may do with a page of ours: Content-Security-Policy and Permissions-Policy, for every answer."""

from __future__ import annotations

from typing import Any

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest
from django.http.response import HttpResponseBase

#: What the admin's theme needs over the policy of our own pages: its Alpine evaluates the expressions of its templates,
#: and it sets colours and sizes in the page. No script stands in a page there either.
ADMIN = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}
#: Nothing here uses a device's abilities but copying to the clipboard, by a press on a button.
PERMISSIONS = ", ".join(
    f"{ability}=()"
    for ability in (
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope",
        "magnetometer", "microphone", "midi", "payment", "picture-in-picture", "screen-wake-lock", "usb",
    )
)  # fmt: skip


class PolicyMiddleware(CSPMiddleware):
    """Writes both policies: that of ``CONTENT_SECURITY_POLICY``, with what ADMIN changes below ``/admin/``."""

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if request.path_info.startswith("/admin/") and not report_only:
            parts.replace = {**ADMIN, **(parts.replace or {})}
        return parts

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> Any:
        answer = super().process_response(request, response)
        answer.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return answer
