"""The routes of the REST API, in its versions 2 and 3: who asks, what is asked, and Jira's answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import BasicAuth, web

from sandbox.exchange import EXCHANGE
from sandbox.jira import documents, fields, queries
from sandbox.jira.issues import (
    AUTHOR,
    ISSUE_TYPES,
    PROJECT,
    STATUSES,
    Comment,
    Issue,
    Site,
    status_as_json,
)  # fmt: skip
from sandbox.jira.problems import Refused, gone
from sandbox.origin import Origin

ROOT = "/jira/rest/api/{version:[23]}"
#: With this an API token of Atlassian begins.
TOKEN = "ATATT"  # noqa: S105  (says of which form they are)
MOST_AT_ONCE = 100
SITE = web.AppKey("jira_site", Site)
Answer = Callable[[web.Request], Awaitable[Any]]
FIELDS = ("summary", "description", "status", "labels", "priority", "issuetype", "project", "created", "creator")


def routes(app: web.Application) -> None:
    """Add the API to ``app``."""
    app[SITE] = Site()
    for method, path, answer in (
        ("GET", "/serverInfo", _server_info),
        ("GET", "/myself", _myself),
        ("GET", "/field", _fields),
        ("GET", "/project/{project}", _project),
        ("GET", "/search/jql", _search),
        ("POST", "/search/jql", _search),
        ("POST", "/issue", _create),
        ("POST", "/issue/bulkfetch", _fetch),
        ("GET", "/issue/{issue}", _issue),
        ("PUT", "/issue/{issue}", _change),
        ("GET", "/issue/{issue}/comment", _comments),
        ("POST", "/issue/{issue}/comment", _comment),
        ("GET", "/issue/{issue}/transitions", _transitions),
        ("POST", "/issue/{issue}/transitions", _move),
        ("GET", "/issue/{issue}/remotelink", _links),
        ("POST", "/issue/{issue}/remotelink", _link),
        ("*", "/{rest:.*}", _nothing),
    ):
        app.router.add_route(method, f"{ROOT}{path}", _guarded(answer))
    app.router.add_get("/jira/browse/{issue}", _page)


def _guarded(view: Answer) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        try:
            _require_account(request)
            told = await view(request)
        except Refused as refused:
            return refused.as_response()
        return told if isinstance(told, web.Response) else web.json_response(told)

    return answer


def _require_account(request: web.Request) -> None:
    """An account is an address and an API token of the form that they have."""
    try:
        given = BasicAuth.decode(request.headers.get("Authorization", ""), encoding="utf-8")
    except ValueError:
        given = BasicAuth("")
    if "@" not in given.login or not given.password.startswith(TOKEN):
        raise Refused("Client must be authenticated to access this resource.", status=401)


async def _server_info(request: web.Request) -> Any:
    url = f"{request.app[EXCHANGE].url}/jira"
    return {"baseUrl": url, "deploymentType": "Cloud", "version": "1001.0.0-SNAPSHOT", "versionNumbers": [1001, 0, 0]}


async def _myself(request: web.Request) -> Any:
    return AUTHOR


async def _fields(request: web.Request) -> Any:
    return [{"id": name, "key": name, "name": name.title(), "clauseNames": [name]} for name in FIELDS]


async def _project(request: web.Request) -> Any:
    name = request.match_info["project"]
    if name not in (PROJECT["id"], PROJECT["key"]):
        raise Refused(f"No project could be found with key '{name}'.", status=404)
    return PROJECT | {"issueTypes": list(ISSUE_TYPES)}


async def _search(request: web.Request) -> Any:
    by_query = request.method == "GET"
    asked = dict(request.query) if by_query else await _body(request)
    wanted = (_wanted(request) if by_query else asked.get("fields")) or ["id"]
    most = int(asked.get("maxResults") or 50)
    issues = queries.found(request.app[SITE].issues, str(asked.get("jql") or ""))
    return {"issues": [_shown(request, issue, wanted) for issue in issues[:most]], "isLast": len(issues) <= most}


async def _fetch(request: web.Request) -> Any:
    asked = await _body(request)
    names = asked.get("issueIdsOrKeys")
    if not isinstance(names, list) or not 1 <= len(names) <= MOST_AT_ONCE:
        raise Refused(f"The number of issue IDs or keys must be between 1 and {MOST_AT_ONCE}.")
    found = [issue for name in names if (issue := request.app[SITE].find(str(name)))]
    return {"issues": [_shown(request, issue, asked.get("fields") or []) for issue in found], "issueErrors": []}


async def _create(request: web.Request) -> web.Response:
    given = (await _body(request)).get("fields")
    known = fields.of_new(given if isinstance(given, dict) else {}, version=request.match_info["version"])
    issue = request.app[SITE].create(known)
    linked = [address for _, address in documents.links(known["description"])]
    _tell(request, issue, known["summary"], documents.plain(known["description"]), links=linked)
    shown = _shown(request, issue, [])
    return web.json_response({name: shown[name] for name in ("id", "key", "self")}, status=201)


async def _issue(request: web.Request) -> Any:
    return _shown(request, _known(request), _wanted(request))


async def _change(request: web.Request) -> web.Response:
    issue, given = _known(request), (await _body(request)).get("fields")
    known = fields.changed(given if isinstance(given, dict) else {}, version=request.match_info["version"])
    if any(issue.fields.get(name) != value for name, value in known.items()):
        issue.fields |= known
        _tell(request, issue, issue.fields["summary"], f"Priority: {issue.fields['priority']['name']}")
    return web.Response(status=204)


async def _comments(request: web.Request) -> Any:
    comments = _known(request).comments
    shown = comments[::-1] if request.query.get("orderBy") == "-created" else comments
    start, most = int(request.query.get("startAt", 0)), int(request.query.get("maxResults", 5000))
    version = request.match_info["version"]
    page = [comment.as_json(version=version) for comment in shown[start : start + most]]
    return {"startAt": start, "maxResults": most, "total": len(comments), "comments": page}


async def _comment(request: web.Request) -> web.Response:
    issue, given, version = _known(request), await _body(request), request.match_info["version"]
    if not given.get("body"):
        raise Refused(errors={"comment": "Comment body can not be empty!"})
    if not fields.is_text(given["body"], version=version):
        raise Refused(errors={"comment": fields.NO_DOCUMENT})
    body = fields.text(given["body"], version=version)
    comment = Comment(str(10300 + len(issue.comments)), body, given.get("properties") or [])
    issue.comments.append(comment)
    linked = [address for _, address in documents.links(body)]
    _tell(request, issue, "comment", documents.plain(body), links=linked)
    return web.json_response(comment.as_json(version=version), status=201)


async def _transitions(request: web.Request) -> Any:
    issue = _known(request)
    ways = [(number, name) for number, name in _ways().items() if name != issue.status]
    shown = [{"id": number, "name": f"Set {name}", "to": status_as_json(name), "fields": {}} for number, name in ways]
    return {"transitions": shown}


async def _move(request: web.Request) -> web.Response:
    issue, given = _known(request), await _body(request)
    asked = given.get("transition")
    number = str(asked.get("id", "")) if isinstance(asked, dict) else ""
    wanted = _ways().get(number)
    if not number:
        raise Refused("Missing 'transition' identifier")
    if wanted is None or wanted == issue.status:
        raise Refused(f"Transition id '{number}' is not valid for this issue.")
    issue.status = wanted
    _tell(request, issue, wanted, f"Status: {wanted}")
    return web.Response(status=204)


async def _links(request: web.Request) -> Any:
    return list(_known(request).links.values())


async def _link(request: web.Request) -> web.Response:
    """A link of a ``globalId`` that is there is changed, no second one is made."""
    issue, given = _known(request), await _body(request)
    target = given.get("object") if isinstance(given.get("object"), dict) else {}
    missing = {name: f"'{name}' is required." for name in ("url", "title") if not target.get(name)}
    if missing:
        raise Refused(errors=missing)
    number = len(issue.links) + 1
    key = str(given.get("globalId") or number)
    known = issue.links.get(key)
    issue.links[key] = given | {"id": known["id"] if known else 10400 + number}
    return web.json_response({"id": issue.links[key]["id"]}, status=200 if known else 201)


async def _nothing(request: web.Request) -> web.Response:
    raise Refused("null for uri: " + request.path, status=404)


async def _page(request: web.Request) -> web.Response:
    """The ticket as a person sees it, in plain text."""
    issue = request.app[SITE].find(request.match_info["issue"])
    if issue is None:
        return web.Response(text="There is no such ticket since the sandbox started.", status=404)
    said = [documents.plain(comment.body) for comment in issue.comments]
    parts = [
        f"{issue.key}: {issue.fields['summary']}",
        issue.status,
        documents.plain(issue.fields["description"]),
        *said,
    ]
    return web.Response(text="\n\n".join(parts))


def _wanted(request: web.Request) -> list[str]:
    """The fields that a query asks for, repeated or with commas between them."""
    return [name for each in request.query.getall("fields", []) for name in each.split(",")]


def _known(request: web.Request) -> Issue:
    issue = request.app[SITE].find(request.match_info["issue"])
    if issue is None:
        raise gone()
    return issue


def _ways() -> dict[str, str]:
    """The transitions, by their ids: to each status there is one."""
    return {str(number): name for number, name in enumerate(STATUSES, start=11)}


def _shown(request: web.Request, issue: Issue, wanted: list[str]) -> dict[str, Any]:
    version = request.match_info["version"]
    return issue.as_json(f"{request.app[EXCHANGE].url}/jira/rest/api/{version}", version=version, wanted=wanted)


def _tell(request: web.Request, issue: Issue, what: str, text: str, *, links: list[str] | None = None) -> None:
    """Show what somebody who looks at the ticket sees now."""
    request.app[EXCHANGE].outbox.keep(
        "ticket", PROJECT["key"], Origin(incident=issue.incident), subject=f"{issue.key}: {what}", text=text,
        links=links or [], details={"issue": issue.key},
    )  # fmt: skip


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        given = await request.json()
    except ValueError:
        given = None
    if not isinstance(given, dict):
        raise Refused("There was an error parsing JSON. Check that your request body is valid.")
    return given
