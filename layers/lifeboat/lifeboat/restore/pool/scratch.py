"""The pool that a drill restores into: like the one that is backed up, but it reaches and lets in nobody.

What decides whether users come back is kept: attributes, sign-in, policies, second factors, app clients,
identity providers and resource servers. What could send a message, run a function, be found by a browser or
tell another system something is left out.
"""

from __future__ import annotations

from dataclasses import replace

from lifeboat.cognito.scratch_pools import DRILL_TAG, STACK_TAG
from lifeboat.restore.pool.clients import AppClient
from lifeboat.restore.pool.new_pool import IMPORT_TAG, Arguments, NewPool
from lifeboat.restore.pool.plan import PoolPlan

NOT_IN_A_DRILL = frozenset({"EmailConfiguration", "LambdaConfig", "UserPoolAddOns"})
"""Arguments of CreateUserPool: the sender of email, triggers, and what watches sign-ins."""


def scratch_plan(plan: PoolPlan, new: NewPool) -> PoolPlan:
    """The plan of a drill's pool: it can be deleted, has its own tags only, and nobody can sign up."""
    pool = {name: value for name, value in plan.pool.items() if name not in NOT_IN_A_DRILL}
    pool |= {
        "DeletionProtection": "INACTIVE",
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "UserPoolTags": {IMPORT_TAG: new.import_id, DRILL_TAG: new.drill, STACK_TAG: new.stack},
    }
    return replace(
        plan,
        pool=pool,
        clients=[AppClient(client.old_id, _shut(client.arguments)) for client in plan.clients],
        domains=[],
        pages={},
        brandings={},
        risks={},
        logs=None,
    )


def _shut(arguments: Arguments) -> Arguments:
    """An app client that nobody can use: with a new secret, which is shown to nobody."""
    kept = {
        name: value
        for name, value in arguments.items()
        if name not in ("AnalyticsConfiguration", "ClientSecret")
    }
    return {**kept, "GenerateSecret": True}
