"""The people whom the tests of the import lose and bring back, and how to see that they are back."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

from botocore.exceptions import ClientError

from lifeboat.aws import clients
from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import comparable_attributes
from lifeboat.restore.completion import Ended
from tests.adapters.pools import Pool
from tests.adapters.stack import Import

EXPORTED = "2026-03-01T12:00:00.000Z"
RESUMED = "2026-03-02T01:00:00.000Z"

VERIFIED = {"email_verified": "true"}


def fill(pool: Pool) -> None:
    """People who can be restored whole, and some of whom something is left out."""
    pool.add_group("staff", Description="Who “works” here", Precedence=0)
    pool.add_group("людей/#1@", RoleArn="arn:aws:iam::123456789012:role/x")
    groups = ["group-0", "group-1", "group-2"]
    for name in groups:
        pool.add_group(name)
    pool.add("ann", {"email": "ann@example.com", **VERIFIED}, ["staff", *groups])
    pool.add("bob", {"email": "bob@example.com", "name": "", "custom:note": "two\n#, “q” \\"}, enabled=False)
    pool.add("李,/#\"q'%", {"email": "li@example.com", "family_name": "李"}, ["людей/#1@"], enabled=False)
    pool.add("bare")
    pool.add("cyn", {"email": "cyn@example.com", "email_verified": "false"}, status="UNCONFIRMED")
    pool.add("dee", {"email": "dee@example.com", **VERIFIED}, ["staff"], status="FORCE_CHANGE_PASSWORD")
    pool.add("flo", {"email": "flo@example.com", "email_verified": "false"}, status="FORCE_CHANGE_PASSWORD")
    pool.add("eve", {"email": "eve@example.com", **VERIFIED}, status="RESET_REQUIRED")
    pool.add(
        "Google_1", {"email": "fed@example.com", "identities": "[]"}, ["staff"], status="EXTERNAL_PROVIDER"
    )


RESTORED = 8
"""All of these people but the federated one."""

BY_CSV = ("ann", "dee", "eve")
"""Those of them whom an import job can create."""

BY_API = ("bob", "李,/#\"q'%", "bare", "cyn", "flo")
"""The others: without a verified address, or never confirmed."""

INVITED = ("cyn", "flo")
"""Those who cannot use "Forgot password" afterwards, as they could not before."""

LANES = ("auto", "api")

MEMBERSHIPS = 6
"""Theirs; the federated one has another."""


def into(pool: Pool, **changes: Any) -> dict[str, Any]:
    return {"NewUserPoolId": pool.pool_id, **changes}


def resend(queue: Queue, waiting: list[str]) -> None:
    queue.send(json.loads(body) for body in waiting)


def user_map(run: Import) -> list[dict[str, str]]:
    """The rows of the map from old to new users."""
    folder = f"imports/{run.of['ImportId']}/maps/"
    client = clients.s3()
    texts = [
        client.get_object(Bucket="reports", Key=key)["Body"].read().decode()
        for key in run.stack.bucket.keys(f"{folder}users-")
    ]
    return [row for text in texts for row in csv.DictReader(io.StringIO(text, newline=""))]


def people(pool: Pool) -> dict[str, Any]:
    """What of a pool's users a restore brings back, by username: all but the federated."""
    return {
        name: (comparable_attributes(user), user.enabled, pool.groups_of(name))
        for name, user in pool.users().items()
        if not user.federated
    }


def is_restored(ended: Ended, source: Pool, pool: Pool) -> None:
    """Assert that everything came back, by looking at the pools themselves."""
    assert ended["Complete"], ended["Cause"]
    assert people(pool) == people(source)
    assert pool.groups() == source.groups()


def refusal(code: str, operation: str, message: str = "") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


def failure_of(run: Import, name: str) -> str:
    """Why a user failed, by its name in the old pool."""
    outcome = run.outcomes().get(run.stack.source.users()[name].sub)
    assert outcome is not None
    return outcome.failure
