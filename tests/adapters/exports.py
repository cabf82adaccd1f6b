"""A small pool of everybody and everything, and what an export of it leaves: for tests of exports."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from lifeboat.model import Group, Membership, User
from lifeboat.store.items import group_from, membership_from, user_from
from lifeboat.store.table import BackupTable
from tests.adapters.dying import content
from tests.adapters.pools import Pool

FIRST = "2026-03-01T12:00:00.000Z"
SECOND = "2026-03-02T12:00:00.000Z"
THIRD = "2026-03-03T12:00:00.000Z"

UNAVAILABLE = ClientError({"Error": {"Code": "InternalErrorException", "Message": ""}}, "List")


def fill_varied(pool: Pool) -> None:
    """Six users in every state, four groups, five memberships."""
    pool.add_group("staff", Description="Who “works” here", Precedence=0)
    pool.add_group("ops", RoleArn="arn:aws:iam::123456789012:role/ops")
    pool.add_group("людей/#1@")
    pool.add_group("nobody")
    pool.add("ann", {"email": "ann@example.com", "email_verified": "true"}, ["staff", "ops"])
    pool.add("bob", {"name": "", "custom:note": "two\nlines, “q” #"}, ["staff"], enabled=False)
    pool.add("cyn", status="UNCONFIRMED")
    pool.add("dee", status="FORCE_CHANGE_PASSWORD", groups=["людей/#1@"])
    pool.add("李,/#", {"family_name": "李"}, status="RESET_REQUIRED")
    pool.add("Google_1", {"identities": "[]"}, ["staff"], status="EXTERNAL_PROVIDER")


def in_the_pool(pool: Pool) -> tuple[dict[str, User], dict[str, Group], set[Membership]]:
    users = {user.sub: user for user in pool.reader().users()}
    memberships = {
        Membership(user.sub, group) for group in pool.groups() for user in pool.reader().members(group)
    }
    return users, pool.groups(), memberships


def in_the_backup(table: BackupTable) -> tuple[dict[str, User], dict[str, Group], set[Membership]]:
    present = [item for item in content(table) if not str(item["pk"]).startswith("HISTORY#")]
    users = {item["sub"]: user_from(item) for item in present if item.get("kind") == "users"}
    groups = {item["name"]: group_from(item) for item in present if item.get("kind") == "groups"}
    return users, groups, {membership_from(item) for item in present if item.get("kind") == "memberships"}


def history(table: BackupTable) -> list[dict[str, Any]]:
    return [item for item in content(table) if str(item["pk"]).startswith("HISTORY#")]


def counted(counts: dict[str, int], *names: str) -> tuple[int, ...]:
    return tuple(counts[name] for name in names)
