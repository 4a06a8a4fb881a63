"""The pages of the small house: /healthz."""


def application(environ, start_response):
    """Answer 200 to everything."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"lives"]
