"""The demonstration's live act: changes stream across, the Region is lost, and a user is back at once.

Capture is switched on in the stacks that are there. People sign up and change; the replica has them within
seconds, no export needed. The Region is lost, and while the bulk import has yet to reach her, the last who
signed up asks for a new password in the new pool, and signs in with it.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from local.backup_view import backup_snapshot, exactly
from local.comparison import Snapshot, differences, snapshot
from local.embedded import EmbeddedAws
from local.front_control import FrontControl
from local.live import Live, deploy_live, reset_and_sign_in
from local.narration import Narrator
from local.people import PASSWORD, create_pool
from local.workflows import Run, Workflow, WorkflowFailedError

SIGN_UPS: Final = 5
CHANGED: Final = 5
CODE: Final = "123456"
"""The embedded Cognito's code for everybody who signs up."""

PATIENCE_SECONDS: Final = 120.0
LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class LiveOutcome:
    """What the live act found; times are seconds."""

    changes: int
    across_seconds: float
    first: str
    sign_in_seconds: float
    imported: Run
    source: Snapshot
    restored: Snapshot

    @property
    def different(self) -> dict[str, list[str]]:
        """Say for each kind what differs between the lost pool and the new one."""
        return differences(self.source, self.restored)

    @property
    def fine(self) -> bool:
        """Whether the import went well and nothing is lost or different."""
        return self.imported.status == "SUCCEEDED" and not any(self.different.values())

    def document(self) -> dict[str, Any]:
        """Return the numbers as JSON."""
        return {
            "changes": self.changes,
            "across_seconds": round(self.across_seconds, 3),
            "first_sign_in_seconds": round(self.sign_in_seconds, 3),
            "restored": self.restored.counts(),
            "differences": sum(len(found) for found in self.different.values()),
        }


@dataclass(frozen=True, slots=True)
class LiveAct:
    """The act, on a running embedded AWS with both stacks deployed and exported."""

    embedded: EmbeddedAws
    narrator: Narrator

    def run(self, pool_id: str) -> LiveOutcome:
        """Go through all steps. Raises EmbeddedAwsError and WorkflowFailedError."""
        with self.narrator.step("Switch on live capture (sam deploy)"):
            live = deploy_live(self.embedded, pool_id, {"LiveSync": "CAPTURE", "StandbyUserPoolId": ""})
        before = snapshot(live.primary_cognito, pool_id)
        with self.narrator.step(f"{SIGN_UPS} people sign up, {CHANGED} change, one leaves") as step:
            last = self._change(live, before)
            source, across = self._await_replica(live)
            step.note = f"all of it in the backup Region after {across:.1f} s, without an export"
        front = FrontControl(self.embedded.cognito_endpoint_url)
        with self.narrator.step(f"Take the Cognito of {live.deployment.primary.region} away again"):
            front.set_available(live.deployment.primary.region, False)
        try:
            return self._come_back(live, source, last, across)
        finally:
            front.set_available(live.deployment.primary.region, True)

    def _change(self, live: Live, before: Snapshot) -> str:
        """Let people sign up, change and leave; return who signed up last."""
        cognito, pool_id = live.primary_cognito, live.deployment.user_pool_id
        names = sorted(before.users)
        for name in names[:CHANGED]:
            cognito.admin_update_user_attributes(
                UserPoolId=pool_id, Username=name, UserAttributes=_pairs({"custom:note": "changed live"})
            )
        cognito.admin_delete_user(UserPoolId=pool_id, Username=names[-1])
        for number in range(SIGN_UPS):
            last = f"newcomer-{number}"
            attributes = _pairs({"email": f"{last}@example.com", "name": f"Newcomer {number}"})
            cognito.sign_up(
                ClientId=live.client_id, Username=last, Password=PASSWORD, UserAttributes=attributes
            )
            cognito.confirm_sign_up(ClientId=live.client_id, Username=last, ConfirmationCode=CODE)
            cognito.admin_add_user_to_group(
                UserPoolId=pool_id, Username=last, GroupName=sorted(before.groups)[0]
            )
        return last

    def _await_replica(self, live: Live) -> tuple[Snapshot, float]:
        """Wait until the replica is as the pool is; return the pool, and how long that took."""
        began = time.monotonic()
        source = snapshot(live.primary_cognito, live.deployment.user_pool_id)
        while any(exactly(source, backup_snapshot(live.replica, live.table)).values()):
            self.embedded.check()
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise WorkflowFailedError("the changes have not arrived in the backup Region")
        return source, time.monotonic() - began

    def _come_back(self, live: Live, source: Snapshot, last: str, across: float) -> LiveOutcome:
        """Import on demand; the last who signed up does not wait for it."""
        cognito, backup = live.backup_cognito, live.deployment.backup
        new_pool_id = create_pool(cognito, "people-on-demand")
        client_id = cognito.create_user_pool_client(
            UserPoolId=new_pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
        )["UserPoolClient"]["ClientId"]
        arn, table = backup.outputs["ImportWorkflowArn"], live.table
        workflow = Workflow(self.embedded, backup.region, arn, table, "IMPORT")
        seconds: list[float] = []

        def sign_in(_: Mapping[str, Any]) -> None:
            if not seconds and _has_trigger(cognito, new_pool_id):
                seconds.append(self._sign_in(cognito, new_pool_id, client_id, last))

        given = {"NewUserPoolId": new_pool_id, "OnDemand": True}
        with self.narrator.step(f"Import into {new_pool_id}, on demand meanwhile") as step:
            run = workflow.run(given, sign_in).succeeded()
            if not seconds:
                raise WorkflowFailedError("nobody could sign in before the import was over")
            step.note = f"{last} was back after {seconds[0]:.2f} s"
        restored = snapshot(cognito, new_pool_id)
        return LiveOutcome(SIGN_UPS * 3 + CHANGED + 1, across, last, seconds[0], run, source, restored)

    def _sign_in(self, cognito: Any, pool_id: str, client_id: str, name: str) -> float:
        """Let a user who is not in the pool ask for a new password and sign in; return the seconds."""
        if cognito.list_users(UserPoolId=pool_id, Filter=f'username = "{name}"')["Users"]:
            raise WorkflowFailedError(f"the bulk import has reached {name} before the sign-in")
        began = time.monotonic()
        reset_and_sign_in(cognito, client_id, name)
        return time.monotonic() - began


def _has_trigger(cognito: Any, pool_id: str) -> bool:
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    return bool(pool.get("LambdaConfig", {}).get("UserMigration"))


def _pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
