"""What happened in the demo's organisation during the last weeks."""

from __future__ import annotations

from functools import partial

from apps.communications.models import ComponentStatus, PublicImpact, PublicStatus
from apps.incidents.models import CauseField, ChecklistPart, DataIntegrity, Detection, Status
from apps.postmortems.models import ActionKind, Priority
from apps.procedures.demo.stories import (
    Story,
    acknowledged,
    action_item,
    after,
    assessed,
    closed,
    confirmed,
    fixed,
    found,
    moved,
    noted,
    published,
    quiet,
    reviewed,
    takes,
    ticked,
    told,
    worked_through,
)

PULL_REQUESTS = Story(
    ago=after(days=24, hours=3),
    title="GitHub pull requests are not created",
    summary="Every agent run ends with 403 from the GitHub API when it opens its pull request.",
    severity="P1",
    service="agents",
    detection=Detection.MONITORING,
    steps=(
        (after(minutes=6), acknowledged("lena.fischer")),
        (after(minutes=8), takes("commander", "commander")),
        (after(minutes=9), takes("lena.fischer", "technical_lead")),
        (after(minutes=9), ticked("lena.fischer", ChecklistPart.INITIAL)),
        (after(minutes=11), takes("yuki.tanaka", "communications_lead")),
        (after(minutes=12), moved("lena.fischer", Status.INVESTIGATING)),
        (after(minutes=24), told("yuki.tanaka", "Agents cannot open pull requests. Finished work is kept and not lost.")),
        (after(minutes=31), assessed("lena.fischer", users_affected=140, customers_affected=9)),
        (after(minutes=48), moved("lena.fischer", Status.IDENTIFIED, "The app's private key was rotated, one pod kept the old.")),
        (after(minutes=70), told("yuki.tanaka", "Cause found: an outdated key. Pods are being restarted.")),
        (after(minutes=82), moved("lena.fischer", Status.MONITORING, "All pods restarted with the new key.")),
        (after(minutes=88), quiet()),
        (after(minutes=130), fixed("lena.fischer", "change/2291: reload the key on rotation", approved_by="Carla Mendes")),
        (after(minutes=150), told("yuki.tanaka", "Resolved. Waiting pull requests were opened.")),
        (after(hours=20), confirmed("commander")),
        (
            after(days=3),
            action_item("commander", ActionKind.TECHNICAL, "Reload the GitHub key without a restart", due_in=14,
                        owner="lena.fischer", priority=Priority.HIGH, done=True),
        ),
        (
            after(days=3),
            reviewed("commander", "A rotated key reached two of three pods; the third failed every call for two hours.", {
                "went_well": "The alert named the failing call; the on-call engineer knew the key's way.",
                "to_improve": "The rotation had no check that every pod had taken the new key.",
                "primary_cause": "The key is read once at start-up; the rotation restarted two of three pods.",
                "contributing_factors": "The health check does not call GitHub.",
                "human_factors": "The runbook for rotation named two pods, from before the third was added.",
            }),
        ),
        (after(days=9), closed("commander")),
    ),
)  # fmt: skip

everybody_reads = partial(
    published, "yuki.tanaka", name="The CLI does not answer", impact=PublicImpact.CRITICAL, how=ComponentStatus.MAJOR
)
CLI_DOWN = Story(
    ago=after(days=12, hours=7),
    title="ADO CLI completely non-functional",
    summary="`ado status` and every other command answer 502 for all users.",
    severity="P0",
    service="application",
    detection=Detection.USER_REPORT,
    by="responder",
    steps=(
        (after(minutes=17), acknowledged("ines.duarte")),
        (after(minutes=18), takes("commander", "commander")),
        (after(minutes=19), takes("lena.fischer", "technical_lead")),
        (after(minutes=20), takes("yuki.tanaka", "communications_lead")),
        (after(minutes=21), moved("ines.duarte", Status.INVESTIGATING)),
        (after(minutes=22), ticked("ines.duarte", ChecklistPart.INITIAL)),
        (after(minutes=28), told("yuki.tanaka", "The CLI is down for everybody. We work on it, next word in 30 minutes.")),
        (after(minutes=29), everybody_reads(PublicStatus.INVESTIGATING, "No command answers. We look for the cause.")),
        (after(minutes=33), assessed("lena.fischer", users_affected=1200, customers_affected=61, availability_percent="0")),
        (after(minutes=44), moved("lena.fischer", Status.IDENTIFIED, "The connection pool of the database is exhausted.")),
        (after(minutes=56), told("yuki.tanaka", "Cause found: exhausted database connections. A fix is being deployed.")),
        (after(minutes=57), everybody_reads(PublicStatus.IDENTIFIED, "The cause is found, and a fix is on its way.")),
        (after(minutes=63), moved("lena.fischer", Status.MONITORING)),
        (after(minutes=80), assessed("lena.fischer", data_integrity=DataIntegrity.VERIFIED, revenue_impact="4200")),
        (after(minutes=95), fixed("lena.fischer", "hotfix/incident-pool-limit", approved_by="Carla Mendes")),
        (after(minutes=104), told("yuki.tanaka", "Resolved. All commands answer, no data was lost.")),
        (after(minutes=105), everybody_reads(PublicStatus.RESOLVED, "All commands answer. No data was lost.")),
        (after(hours=9), confirmed("commander")),
        (
            after(days=2),
            action_item("commander", ActionKind.MONITORING, "Alert when the pool is 80 % used", due_in=8,
                        owner="jonas.keller", priority=Priority.HIGH),
        ),
        (
            after(days=2),
            action_item("commander", ActionKind.TECHNICAL, "Give the reporting job a pool of its own", due_in=24,
                        owner="ines.duarte", priority=Priority.MEDIUM),
        ),
        (
            after(days=4),
            reviewed("commander", "A report took every database connection; the API waited for one until it gave up.", {
                "went_well": "Escalation worked: the second level was there two minutes after it was paged.",
                "to_improve": "The first page was answered after the response time; the phone was on silent.",
                "primary_cause": "The weekly report opens one connection a project and does not give them back.",
                "contributing_factors": "Pool and database allow the same number of connections.",
                "human_factors": "The report was released on a Friday without a load test.",
            }),
        ),
        (after(days=8), closed("commander")),
    ),
)  # fmt: skip

SCORES = Story(
    ago=after(hours=19, minutes=40),
    title="WSJF calculations produce incorrect results",
    summary="Items with a cost of delay above 100 are sorted to the end of the backlog.",
    severity="P1",
    service="business",
    detection=Detection.INTERNAL,
    by="yuki.tanaka",
    steps=(
        (after(minutes=4), acknowledged("yuki.tanaka")),
        (after(minutes=7), takes("commander", "commander")),
        (after(minutes=9), takes("lena.fischer", "technical_lead")),
        (after(minutes=10), takes("yuki.tanaka", "communications_lead")),
        (after(minutes=12), moved("yuki.tanaka", Status.INVESTIGATING)),
        (after(minutes=13), ticked("yuki.tanaka", ChecklistPart.INITIAL)),
        (after(minutes=25), told("yuki.tanaka", "Scores above 100 are wrong. Please do not plan from the backlog's order.")),
        (after(minutes=40), assessed("yuki.tanaka", users_affected=45, customers_affected=3)),
        (
            after(minutes=52),
            worked_through("lena.fischer", "investigation", "3 of 4 workers take tasks", "Nothing was deployed today"),
        ),
        (after(minutes=58), found("lena.fischer", CauseField.METRICS, "One worker has taken no task for 40 minutes.")),
        (after(minutes=66), moved("lena.fischer", Status.IDENTIFIED, "A column was narrowed by yesterday's migration.")),
        (after(minutes=80), told("yuki.tanaka", "Cause found; a migration that widens the column is in review.")),
        (after(minutes=121), moved("lena.fischer", Status.MONITORING, "Deployed; scores are computed anew.")),
        (after(minutes=150), fixed("lena.fischer", "change/2317: widen wsjf_score", approved_by="Carla Mendes")),
        (after(minutes=166), told("yuki.tanaka", "Resolved. The order is right again for every team.")),
        (after(hours=5), ticked("lena.fischer", ChecklistPart.SHORT_TERM, 2)),
        (
            after(hours=15),
            reviewed("commander", "A migration narrowed the column of the score; large values were cut.", {
                "went_well": "Found within an hour by the team that plans with it.",
            }, finish=False),
        ),
        (
            after(hours=15, minutes=20),
            action_item("commander", ActionKind.PROCESS, "Review migrations that narrow a column by two people", due_in=10,
                        owner="lena.fischer", priority=Priority.MEDIUM),
        ),
    ),
)  # fmt: skip

DOCUMENTATION = Story(
    ago=after(hours=5, minutes=20),
    title="CLI reference shows options that no longer exist",
    summary="The pages for `ado backlog` are those of the last major version.",
    severity="P3",
    service="business",
    detection=Detection.USER_REPORT,
    by="olek.wolski",
    steps=(
        (after(minutes=25), acknowledged("yuki.tanaka")),
        (after(minutes=50), moved("yuki.tanaka", Status.INVESTIGATING)),
        (after(hours=2), noted("yuki.tanaka", "The build of the pages failed last Tuesday and nobody saw it.")),
    ),
)

SLOW_BACKLOG = Story(
    ago=after(hours=1, minutes=35),
    title="Slow backlog processing",
    summary="The agent queue holds 180 tasks; it usually holds fewer than 20.",
    severity="P2",
    service="agents",
    detection=Detection.MONITORING,
    steps=(
        (after(minutes=11), acknowledged("priya.nair")),
        (after(minutes=13), takes("commander", "commander")),
        (after(minutes=15), takes("lena.fischer", "technical_lead")),
        (after(minutes=16), moved("priya.nair", Status.INVESTIGATING)),
        (after(minutes=17), ticked("priya.nair", ChecklistPart.INITIAL, 2)),
        (after(minutes=30), assessed("priya.nair", users_affected=35)),
        (after(minutes=45), told("commander", "Tasks wait up to 20 minutes for an agent. Nothing is lost.")),
        (after(minutes=66), moved("lena.fischer", Status.IDENTIFIED, "One of four workers hangs in a git fetch.")),
    ),
)

ERROR_RATE = Story(
    ago=after(minutes=28),
    title="High error rate in ADO application",
    summary="Error rate is 7 % over the last 5 minutes.",
    severity="P2",
    service="application",
    detection=Detection.MONITORING,
    steps=(
        (after(minutes=6), acknowledged("responder")),
        (after(minutes=9), moved("responder", Status.INVESTIGATING)),
        (after(minutes=10), ticked("responder", ChecklistPart.INITIAL, 1)),
        (after(minutes=17), noted("responder", "Errors come from one pod only; taking it out of rotation.")),
        (
            after(minutes=20),
            published("commander", PublicStatus.IDENTIFIED, "About one request in fourteen fails. Trying again helps.",
                      name="Some requests fail", impact=PublicImpact.MINOR, how=ComponentStatus.DEGRADED),
        ),
    ),
)  # fmt: skip

STORIES = (PULL_REQUESTS, CLI_DOWN, SCORES, DOCUMENTATION, SLOW_BACKLOG, ERROR_RATE)
