"""Reports as an import writes them, for the page to show: a good end, a bad one, a very bad one."""

from __future__ import annotations

import random
import uuid
from typing import Any

from lifeboat.model import moment_after, seconds_between
from lifeboat.restore.course import Sample, rates
from lifeboat.restore.report import NEVER_RESTORABLE, WHY_LEFT_OUT, Kinds

BEGUN = "2026-11-21T09:25:21.878Z"
IMPORT_ID = f"{BEGUN}-86b993c5"
REASONS = (
    "AdminCreateUser: AliasExistsException",
    "AdminCreateUser: InvalidParameterException: Attribute value for birthdate must not be too long",
    "never handled: look into the dead-letter queues",
)
STATUSES = ("CONFIRMED", "RESET_REQUIRED", "FORCE_CHANGE_PASSWORD", "UNCONFIRMED")
PLANTED = "ada.lovelace@example.com"
"""The username of the first user that failed; a page that was not asked for names must not have it."""


def report(users: int = 12_345, failed: int = 3, different: int = 2) -> dict[str, Any]:
    """A report of so many users. The same arguments give the same report."""
    chance = random.Random(users)

    def sub() -> str:
        return str(uuid.UUID(int=chance.getrandbits(128)))

    lost = [
        {"sub": sub(), "reason": REASONS[number % len(REASONS)], "status": chance.choice(STATUSES)}
        for number in range(failed)
    ]
    changed = [
        {
            "sub": sub(),
            "new_sub": sub(),
            "fields": ["attribute phone_number", "not in group staff"][: 1 + number % 2],
            "reason": "AdminAddUserToGroup: ResourceNotFoundException" if number % 2 else "",
            "status": "CONFIRMED",
        }
        for number in range(different)
    ]
    restored = users - failed - different
    fine = not (failed or different)
    samples = course(restored)
    ended = moment_after(samples[-1]["at"], 9)
    return {
        "import_id": IMPORT_ID,
        "user_pool_id": "eu-west-1_AbCdEf123",
        "export_id": "2026-11-21T03:00:00.214Z-b3656560",
        "as_of": "",
        "status": "SUCCEEDED" if fine else "INCOMPLETE",
        "started_at": BEGUN,
        "ended_at": ended,
        "duration_seconds": seconds_between(BEGUN, ended),
        "warnings": ["the last export is 6 hours old; what changed since is not in the backup"],
        "maps": f"s3://cognito-lifeboat-reports/imports/{IMPORT_ID}/maps/",
        "pool_notes": [],
        "timeline": [
            {"phase": "PREFLIGHT", "at": BEGUN},
            {"phase": "GROUPS", "at": samples[0]["at"]},
            {"phase": "USERS", "at": moment_after(BEGUN, 12)},
            {"phase": "LISTING", "at": moment_after(samples[-1]["at"], -20)},
            {"phase": "COMPARISON", "at": moment_after(samples[-1]["at"], -2)},
            {"phase": "REPORT", "at": moment_after(samples[-1]["at"], 3)},
        ],
        "rates": rates(samples),
        "updates_limit": 22.5,
        "totals": {
            "users": {
                "in_backup": users,
                "restored": restored,
                "different": different,
                "failed": failed,
                "unexpected": 1,
            },
            "memberships": {"restored": users * 2, "at_sign_in": 0},
            "groups": {"in_backup": 12, "different": 0},
        },
        "kinds": kinds(restored, lost, changed),
        "lanes": {
            "csv": restored * 9 // 10,
            "api": restored - restored * 9 // 10,
            "why_api": {
                "no verified email address or phone number": restored // 20,
                "status UNCONFIRMED": restored // 40,
            },
        },
        "failed": lost,
        "different": changed,
        "changed_since": [],
        "different_groups": [],
        "unexpected_groups": [],
        "unexpected": [sub()],
        "not_restorable": {
            **{
                name: {"users": users if how_many == "all" else how_many, "why": why}
                for name, (how_many, why) in NEVER_RESTORABLE.items()
            },
            WHY_LEFT_OUT["federated profile"][0]: {
                "users": 40,
                "memberships": 12,
                "why": WHY_LEFT_OUT["federated profile"][1],
                "subs": sorted(sub() for _ in range(40)),
            },
            WHY_LEFT_OUT["status UNCONFIRMED"][0]: {
                "users": 7,
                "memberships": 0,
                "why": WHY_LEFT_OUT["status UNCONFIRMED"][1],
                "subs": sorted(sub() for _ in range(7)),
            },
        },
    }


def kinds(
    restored: int, failed: list[dict[str, Any]], different: list[dict[str, Any]]
) -> dict[str, dict[str, int]]:
    """The counts by status of so many users who came back, and of those who are named."""
    found = Kinds()
    shares = {"CONFIRMED": 80, "RESET_REQUIRED": 5, "FORCE_CHANGE_PASSWORD": 9, "UNCONFIRMED": 6}
    of_status = {status: {"equal": restored * share // 100} for status, share in shares.items()}
    of_status["CONFIRMED"]["equal"] += restored - sum(each["equal"] for each in of_status.values())
    of_status["CONFIRMED"] |= {"disabled": restored // 100, "linked": restored // 200}
    found.add(
        {
            "kinds": of_status,
            "kind_of": {entry["sub"]: entry["status"] for entry in (*failed, *different)},
        }
    )
    return found.counts(failed, different, [])


def course(users: int) -> list[Sample]:
    """Samples of an import of so many users at about 21 of them a second, and of the steps around it."""
    chance = random.Random(users)
    samples: list[Sample] = [{"at": moment_after(BEGUN, 3), "phase": "GROUPS", "done": 0}]
    samples.append({"at": moment_after(BEGUN, 11), "phase": "GROUPS", "done": 12})
    seconds, done, updates, gap = 12.0, 0, 0, max(5.0, users / 21 / 90)
    while True:
        samples.append(
            {"at": moment_after(BEGUN, seconds), "phase": "USERS", "done": done, "updates": updates}
        )
        if done >= users:
            break
        seconds += gap
        updates += round(gap * min(22.5, 19 + 4 * chance.random()))
        # An import job's users count when it has ended.
        done = min(users, done + round(gap * 21 * chance.choice((0.2, 0.9, 1.6))))
    for phase, amount in (("LISTING", users * 3), ("COMPARISON", users)):
        samples.append({"at": moment_after(BEGUN, seconds + 1), "phase": phase, "done": 0})
        seconds += 20
        samples.append({"at": moment_after(BEGUN, seconds), "phase": phase, "done": amount})
    return samples
