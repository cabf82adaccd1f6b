"""`make live-soak`: random changes by all routes while exports run, under faults; all three places end equal.

The pool, the backup table and the standby pool are compared by plain boto3 once everything has come to rest.
Cognito's calls fail now and then, before they are carried out or after; events come late, twice and in
another order. The faults hit Cognito only: DynamoDB, SQS and Lambda answer every call. Ends with status 1 if
anything differs in the end, if a trigger failed a sign-up, if the admin API, one of the routes, broke, or if
a kind of change could not be made at all.
"""

import argparse
import random
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from rich.console import Console

from local.admin_api import AdminApi, id_token, make_administrator, users_url
from local.backup_view import backup_snapshot, exactly
from local.changes import UNKNOWN_OPERATION, Changes
from local.comparison import INVITED, MAY_RESET, Snapshot, User, differences, restored_statuses, snapshot
from local.deployment import PRIMARY, STATE_DIR, deploy_settings
from local.embedded import EmbeddedAws
from local.ending import exit_status
from local.front_control import FrontControl
from local.live import Live, deploy_live
from local.narration import Narrator
from local.people import create_pool, create_roles, fill, population
from local.processes import REPOSITORY
from local.workflows import Workflow

WORK_DIR: Final = STATE_DIR / "live-soak"
USERS: Final = 60
GROUPS: Final = 6
MEMBERSHIPS: Final = 80
REST_SECONDS: Final = 300.0
"""How long the three places may take to become equal: a message that failed comes back after minutes."""

LOOK_SECONDS: Final = 1.0
FAULTS: Final = (
    {"operation": "*", "rate": 0.04, "error": "InternalErrorException"},
    {"operation": "*", "rate": 0.03, "error": "TooManyRequestsException"},
    {"operation": "*", "rate": 0.03, "error": "InternalErrorException", "after": True},
)
"""One call in ten fails; of those, three in ten after they have been carried out."""

EVENTS: Final[Mapping[str, Any]] = {"delay_ms": 300, "spread_ms": 1000, "duplicate": 0.1, "reorder": 0.2}

PARAMETERS: Final = {"MaxRetirePercent": "100", "ExportQuotaShare": "100", "CaptureQuotaShare": "100"}
"""Random changes delete more of a small pool than the guards let pass; those have tests of their own."""

ADMIN_API: Final = {"AdminApi": "ON"}

BROKEN: Final = frozenset(
    {HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
)
"""What the admin API answers when it is at fault itself."""


@dataclass(frozen=True, slots=True)
class Soaked:
    """How a run ended: differences of table and standby pool from the pool, and what happened on the way.

    `messages` are those that the standby pool's users were sent; who signs up is sent a code by the pool.
    `answers` counts what the admin API answered, by status.
    """

    table: Mapping[str, list[str]]
    standby: Mapping[str, list[str]]
    exports: int
    exports_failed: int
    changes: Mapping[str, int]
    refused: Mapping[str, int]
    sign_ups_failed: int
    messages: int
    answers: Mapping[int, int]

    @property
    def api_broke(self) -> int:
        """How many requests the admin API did not understand itself; under faults 503 is an answer."""
        return sum(count for status, count in self.answers.items() if status in BROKEN)

    @property
    def never_made(self) -> int:
        """How many changes could not be made, because there is no such operation."""
        return sum(self.refused.get(code, 0) for code in UNKNOWN_OPERATION)

    @property
    def fine(self) -> bool:
        """Whether all places are equal, nothing broke, and the standby pool wrote to nobody."""
        different = sum(len(found) for kinds in (self.table, self.standby) for found in kinds.values())
        return not (different or self.sign_ups_failed or self.messages or self.api_broke or self.never_made)


@dataclass(frozen=True, slots=True)
class Soak:
    """One run on a running embedded AWS."""

    embedded: EmbeddedAws
    narrator: Narrator
    changes: int
    seed: int

    def run(self) -> Soaked:
        """Go through all steps. Raises EmbeddedAwsError and WorkflowFailedError."""
        region = str(deploy_settings(REPOSITORY, PRIMARY)["region"])
        cognito = self.embedded.client("cognito-idp", region)
        people = population(USERS, GROUPS, MEMBERSHIPS, self.seed)
        pool_id = create_pool(cognito, "people")
        with self.narrator.step("Build and deploy, with capture and warm standby"):
            live = deploy_live(self.embedded, pool_id, PARAMETERS, of_primary=ADMIN_API)
        with self.narrator.step(f"Fill the pool with {USERS} users; wait for the standby pool"):
            create_roles(self.embedded.client("iam", region), people)
            fill(cognito, pool_id, people)
            make_administrator(cognito, pool_id)
            self._export(live).run({}).succeeded()
            self._rest(live)
        front = FrontControl(self.embedded.cognito_endpoint_url)
        front.clear_messages()
        changes = Changes(
            cognito,
            pool_id,
            live.client_id,
            random.Random(self.seed),
            [person.username for person in people.people],
            [group.name for group in people.groups],
            AdminApi(
                users_url(self.embedded, live.deployment.primary.outputs["AdminApiUrl"]),
                id_token(cognito, live.client_id),
            ),
        )
        front.ask("PUT", "faults", {"seed": self.seed, "faults": list(FAULTS)})
        front.ask("PUT", "events", EVENTS)
        over, ended = threading.Event(), list[str]()
        exporting = threading.Thread(target=self._export_on, args=(live, over, ended))
        exporting.start()
        try:
            with self.narrator.step(f"Make {self.changes} changes while exports run", self.changes) as step:
                changes.make(self.changes, step.advance)
                step.note = f"{sum(changes.refused.values())} calls refused"
        finally:
            over.set()
            exporting.join()
            front.ask("DELETE", "faults")
            front.ask("PUT", "events", {})
        with self.narrator.step("Wait for rest, and compare pool, table and standby pool"):
            table, standby = self._rest(live)
        return Soaked(
            table,
            standby,
            len(ended),
            sum(status != "SUCCEEDED" for status in ended),
            changes.done,
            changes.refused,
            changes.sign_ups_failed,
            sum(front.ask("GET", "messages").get(live.deployment.backup.region, {}).values()),
            changes.answers,
        )

    def _export(self, live: Live) -> Workflow:
        outputs = live.deployment.primary.outputs
        region = live.deployment.primary.region
        return Workflow(self.embedded, region, outputs["ExportWorkflowArn"], live.table, "EXPORT")

    def _export_on(self, live: Live, over: threading.Event, ended: list[str]) -> None:
        """Export again and again until it is over."""
        while not over.is_set():
            ended.append(self._export(live).run({}).status)

    def _rest(self, live: Live) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
        """Wait until table and standby pool are as the pool is; return what differs in the end."""
        deadline = time.monotonic() + REST_SECONDS
        primary = self.embedded.client("dynamodb", live.deployment.primary.region)
        while True:
            self.embedded.check()
            pool = snapshot(live.primary_cognito, live.deployment.user_pool_id)
            table = exactly(pool, backup_snapshot(primary, live.table))
            standby = followed(pool, snapshot(live.backup_cognito, live.standby_pool_id))
            if not any(table.values()) and not any(standby.values()):
                return table, standby
            if time.monotonic() > deadline:
                return table, standby
            time.sleep(LOOK_SECONDS)


def followed(pool: Snapshot, standby: Snapshot) -> dict[str, list[str]]:
    """Like `differences`, but for what a standby pool cannot follow and what is the same to Cognito.

    An address marked as unverified is one that is not marked as verified. Who was invited and could reset the
    password when the standby pool made that user is CONFIRMED there for good, whatever the address is now.
    """

    def same(name: str, user: User) -> User:
        before = pool.users.get(name)
        status = user.status
        if before is not None and before.status in INVITED and status in MAY_RESET:
            status = min(restored_statuses(before))
        return User(unmarked(user.attributes), user.enabled, status)

    marked = {name: replace(user, attributes=unmarked(user.attributes)) for name, user in pool.users.items()}
    there = {name: same(name, user) for name, user in standby.users.items()}
    return differences(replace(pool, users=marked), replace(standby, users=there))


def unmarked(attributes: Mapping[str, str]) -> dict[str, str]:
    """Return attributes without the marks that say nothing."""
    nothing = {("email_verified", "false"), ("phone_number_verified", "false")}
    return {name: value for name, value in attributes.items() if (name, value) not in nothing}


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make live-soak", description=__doc__)
    parser.add_argument("--changes", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def tell(narrator: Narrator, soaked: Soaked) -> None:
    """Print what differs, and what happened on the way."""
    for place, kinds in (("the table", soaked.table), ("the standby pool", soaked.standby)):
        for kind, found in kinds.items():
            narrator.say(f"{kind} that differ in {place}: {len(found)}")
            for line in found[:5]:
                narrator.complain(line)
    narrator.say(f"{sum(soaked.changes.values())} changes, {sum(soaked.refused.values())} calls refused:")
    for code, count in sorted(soaked.refused.items()):
        narrator.say(f"    {code} {count} times")
    narrator.say(f"{soaked.exports} exports meanwhile, of which {soaked.exports_failed} failed")
    narrator.say(f"sign-ups failed by a trigger: {soaked.sign_ups_failed}")
    narrator.say(f"messages from the standby pool: {soaked.messages}")
    answers = ", ".join(f"{status} {count} times" for status, count in sorted(soaked.answers.items()))
    narrator.say(f"the admin API answered {answers or 'nothing'}")


def main(given: Sequence[str]) -> int:
    """Run the soak and return the exit status."""
    asked = arguments(given)
    narrator = Narrator(Console())

    def work() -> int:
        with EmbeddedAws(WORK_DIR, seed=asked.seed) as embedded:
            soaked = Soak(embedded, narrator, asked.changes, asked.seed).run()
        tell(narrator, soaked)
        return 0 if soaked.fine else 1

    return exit_status(narrator, work)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
