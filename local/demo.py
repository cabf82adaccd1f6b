"""The demonstration: export a pool, lose its Region, import into an empty pool of the other, compare.

Then the Region is back, a script blanks everybody's attributes, and the next export takes that into the
backup: an import as of the moment before brings them back. At last capture is switched on, changes stream
across, and a user signs in to a new pool before the import has reached her.

Run by `make demo`. Writes `.local/demo.json`, and beside it the import's own report, also as a page. Ends
with status 1 if anything is lost or different, or if anybody was sent a message.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from botocore.exceptions import ClientError
from rich.console import Console

from local.comparison import KINDS, Snapshot, differences, snapshot
from local.demo_live import LiveAct
from local.deployment import BACKUP, PRIMARY, STATE_DIR, Deployment, deploy_both, deploy_settings
from local.embedded import EmbeddedAws
from local.ending import exit_status
from local.front_control import FrontControl
from local.narration import Narrator, Step
from local.outcome import Outcome, Return, tell
from local.people import Population, create_pool, create_roles, fill, population
from local.processes import REPOSITORY
from local.workflows import Run, Workflow, WorkflowFailedError

PAGE: Final = 60
REPLICATION_SECONDS: Final = 60.0
WORK_DIR: Final = STATE_DIR / "demo"
NUMBERS: Final = STATE_DIR / "demo.json"
LIVE_NUMBERS: Final = STATE_DIR / "demo-live.json"
REPORT: Final = WORK_DIR / "report.json"
REPORT_PAGE: Final = WORK_DIR / "report.html"
BLANKED: Final = ("email", "given_name", "family_name", "name", "locale", "address", "custom:note")
BLANKING_THREADS: Final = 8
NOTE: Final = "changed, with a comma,\nafter the first export ✎"


@dataclass(frozen=True, slots=True)
class Demonstration:
    """One run of the demonstration on a running embedded AWS."""

    embedded: EmbeddedAws
    narrator: Narrator
    people: Population

    @property
    def front(self) -> FrontControl:
        """The control API of the Cognito front."""
        return FrontControl(self.embedded.cognito_endpoint_url)

    def run(self) -> Outcome:
        """Go through all steps. Raises EmbeddedAwsError and WorkflowFailedError."""
        primary = deploy_settings(REPOSITORY, PRIMARY)["region"]
        backup = deploy_settings(REPOSITORY, BACKUP)["region"]
        cognito = self.embedded.client("cognito-idp", primary)
        pool_id = create_pool(cognito, "people")
        with self.narrator.step("Build and deploy to both Regions (sam build, sam deploy)") as step:
            deployment = deploy_both(self.embedded, pool_id)
            step.note = f"{primary} primary, {backup} backup"
        with self.narrator.step(
            f"Fill pool {pool_id}", len(self.people.people) + len(self.people.groups)
        ) as step:
            create_roles(self.embedded.client("iam", primary), self.people)
            fill(cognito, pool_id, self.people, progress=step.advance)
            step.note = ", ".join(f"{count} {kind}" for kind, count in _counts_of(self.people).items())
        first = self._export(deployment, "Export")
        source = self._change(pool_id, primary)
        second = self._export(deployment, "Export again")
        self._await_replica(deployment, second)
        with self.narrator.step(f"Take the Cognito of {primary} away") as step:
            self.front.set_available(primary, False)
            step.note = f"it answers {_refusal(cognito, pool_id)}"
        imported, restored, messages = self._restore(deployment, "people-restored", source, {})
        self._keep_report(backup, imported)
        self.front.set_available(primary, True)
        moment = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self._blank(pool_id, primary, source)
        blanked = self._export(deployment, "Export the damage")
        self._await_replica(deployment, blanked)
        again = self._restore(deployment, "people-as-they-were", source, {"AsOf": moment})
        back = Return(moment, blanked, *again)
        live = LiveAct(self.embedded, self.narrator).run(pool_id)
        return Outcome(source, restored, first, second, imported, messages, back, live)

    def _restore(
        self, deployment: Deployment, name: str, source: Snapshot, given: Mapping[str, str]
    ) -> tuple[Run, Snapshot, int]:
        """Import into an empty pool; return the run, the pool as it is then, and the messages sent."""
        self.front.clear_messages()
        cognito = self.embedded.client("cognito-idp", deployment.backup.region)
        new_pool_id = create_pool(cognito, name)
        imported = self._import(deployment, new_pool_id, given)
        messages = self.front.messages()
        with self.narrator.step(
            "List the new pool and compare", len(source.users) + len(source.memberships)
        ) as step:
            return imported, snapshot(cognito, new_pool_id, step.advance), messages

    def _blank(self, pool_id: str, region: str, before: Snapshot) -> None:
        """Let a script blank everybody's attributes, in the Region that has come back."""
        title = f"Give the Cognito of {region} back, and let a script blank everybody's attributes"
        with self.narrator.step(title, len(before.users)) as step:
            cognito = self.embedded.client("cognito-idp", region)
            blank_everybody(cognito, pool_id, before, step.advance)
            damage = differences(before, snapshot(cognito, pool_id))["users"]
            step.note = f"{len(damage)} of {len(before.users)} users are not what they were"

    def _export(self, deployment: Deployment, title: str) -> Run:
        """Run the ExportWorkflow; its progress is told by the pages it has listed."""
        primary = deployment.primary
        workflow = Workflow(
            self.embedded,
            primary.region,
            primary.outputs["ExportWorkflowArn"],
            primary.outputs["BackupTableName"],
            "EXPORT",
        )
        listings = ("ListUsers", "ListUsersInGroup", "ListGroups")
        before = self.front.calls(primary.region, *listings)
        with self.narrator.step(title, _pages(self.people)) as step:
            run = workflow.run(
                {}, lambda _: step.reach(self.front.calls(primary.region, *listings) - before)
            ).succeeded()
            step.note = "; ".join(_told(kind, run.ledger["counts"][kind]) for kind in KINDS)
        if run.ledger["status"] != "COMPLETED":
            raise WorkflowFailedError(f"the export ended as {run.ledger['status']}: {run.ledger['reason']}")
        return run

    def _change(self, pool_id: str, region: str) -> Snapshot:
        """Change a few users, and return the pool as it is then: what the restore must give back."""
        with self.narrator.step("Change a few users") as step:
            cognito = self.embedded.client("cognito-idp", region)
            step.note = change_a_few(cognito, pool_id, snapshot(cognito, pool_id))
            return snapshot(cognito, pool_id)

    def _await_replica(self, deployment: Deployment, run: Run) -> None:
        """Wait until the replica has what the export wrote last: its ledger's end."""
        backup = deployment.backup
        replica = Workflow(self.embedded, backup.region, "", backup.outputs["BackupTableName"], "EXPORT")
        deadline = time.monotonic() + REPLICATION_SECONDS
        while dict(run.ledger) not in replica.entries():
            if time.monotonic() > deadline:
                raise WorkflowFailedError(
                    f"the table's replica in {backup.region} has not received the export"
                )
            time.sleep(0.1)

    def _import(self, deployment: Deployment, new_pool_id: str, given: Mapping[str, str]) -> Run:
        """Run the ImportWorkflow; its progress is told by its ledger. An incomplete one is compared too."""
        backup = deployment.backup
        workflow = Workflow(
            self.embedded,
            backup.region,
            backup.outputs["ImportWorkflowArn"],
            backup.outputs["BackupTableName"],
            "IMPORT",
        )
        when = f" as of {given['AsOf']}" if "AsOf" in given else ""
        with self.narrator.step(f"Import into empty pool {new_pool_id}{when}") as step:
            typed = {"NewUserPoolId": new_pool_id, **given}
            run = workflow.run(typed, lambda entry: _settled(step, entry))
            if run.status != "SUCCEEDED":
                self.narrator.complain(f"The import ended as {run.status}: {run.failure}")
            if "report" not in run.ledger:
                run.succeeded()
                raise WorkflowFailedError("the import wrote no report")
            step.note = f"{run.ledger['totals']['users']['restored']} users restored, says its report"
        return run

    def _keep_report(self, region: str, imported: Run) -> None:
        """Copy the import's report out of the embedded AWS, which ends with the demonstration."""
        bucket, _, key = str(imported.ledger["report"]).removeprefix("s3://").partition("/")
        s3 = self.embedded.client("s3", region)
        for path in (REPORT, REPORT_PAGE):
            there = f"{key.rpartition('/')[0]}/{path.name}"
            path.write_bytes(s3.get_object(Bucket=bucket, Key=there)["Body"].read())


def change_a_few(cognito: Any, pool_id: str, before: Snapshot) -> str:
    """Change three users, delete one, disable one, and change two memberships; say what was done.

    In a small pool only attributes change, so that the export's guard against mass retirement (10 % of a
    kind) is not concerned.
    """
    names = sorted(before.users)
    for name in names[:3]:
        cognito.admin_update_user_attributes(
            UserPoolId=pool_id, Username=name, UserAttributes=[{"Name": "custom:note", "Value": NOTE}]
        )
    done = [f"{len(names[:3])} changed"]
    if len(names) >= 20 and len(before.memberships) >= 40:
        cognito.admin_disable_user(UserPoolId=pool_id, Username=names[3])
        loner = min(names[5:], key=lambda name: sum(username == name for username, _ in before.memberships))
        cognito.admin_delete_user(UserPoolId=pool_id, Username=loner)
        username, group = min(pair for pair in before.memberships if pair[0] != loner)
        cognito.admin_remove_user_from_group(UserPoolId=pool_id, Username=username, GroupName=group)
        done += ["1 disabled", "1 deleted", "1 taken out of a group"]
        free = [name for name in sorted(before.groups) if (names[4], name) not in before.memberships]
        if free:
            cognito.admin_add_user_to_group(UserPoolId=pool_id, Username=names[4], GroupName=free[0])
            done.append("1 put into a group")
    return ", ".join(done)


def blank_everybody(
    cognito: Any, pool_id: str, before: Snapshot, progress: Callable[[int], object] = lambda done: None
) -> None:
    """Blank what every user has of BLANKED, as a script with a mistake in it does."""

    def blank(name: str) -> None:
        there = [attribute for attribute in BLANKED if before.users[name].attributes.get(attribute)]
        if there:
            pairs = [{"Name": attribute, "Value": ""} for attribute in there]
            cognito.admin_update_user_attributes(UserPoolId=pool_id, Username=name, UserAttributes=pairs)
        progress(1)

    with ThreadPoolExecutor(BLANKING_THREADS) as executor:
        for _ in executor.map(blank, before.users):
            pass


def _counts_of(people: Population) -> dict[str, int]:
    return {"users": len(people.people), "groups": len(people.groups), "memberships": people.memberships}


def _pages(people: Population) -> int:
    """How many pages it takes to list a pool: of users, of groups, and of each group's members."""
    members = dict.fromkeys((group.name for group in people.groups), 0)
    for person in people.people:
        for name in person.groups:
            members[name] += 1
    sizes = (len(people.people), len(people.groups), *members.values())
    return sum(max(1, -(-size // PAGE)) for size in sizes)


def _told(kind: str, count: Mapping[str, Any]) -> str:
    parts = ", ".join(
        f"{count[name]} {name}" for name in ("added", "changed", "unchanged", "retired") if count[name]
    )
    return f"{count['listed']} {kind} ({parts or 'none'})"


def _settled(step: Step, entry: Mapping[str, Any]) -> None:
    progress = entry.get("progress") or {}
    if "settled" in progress:  # not while groups are created, before there are users to settle
        step.reach(int(progress["settled"]), int(progress["expected"]))


def _refusal(cognito: Any, pool_id: str) -> int:
    """Return the HTTP status with which a lost Region refuses."""
    try:
        answer = cognito.describe_user_pool(UserPoolId=pool_id)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"]
    return int(answer["ResponseMetadata"]["HTTPStatusCode"])


def arguments(given: Sequence[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--users", type=int, default=300)
    parser.add_argument("--groups", type=int, default=12)
    parser.add_argument("--memberships", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args(given)


def main(given: Sequence[str]) -> int:
    """Run the demonstration and return the exit status."""
    asked = arguments(given)
    narrator = Narrator(Console())
    try:
        people = population(asked.users, asked.groups, asked.memberships, asked.seed)
    except ValueError as error:
        narrator.complain(str(error))
        return 2
    NUMBERS.unlink(missing_ok=True)
    return exit_status(narrator, lambda: demonstrate(narrator, people, asked.seed))


def demonstrate(narrator: Narrator, people: Population, seed: int) -> int:
    """Run the demonstration on an embedded AWS of its own; return the exit status.

    Raises EmbeddedAwsError and WorkflowFailedError.
    """
    embedded = EmbeddedAws(WORK_DIR, seed=seed)
    with narrator.step("Start the embedded AWS") as step:
        embedded.start()
        step.note = embedded.endpoint_url
    try:
        outcome = Demonstration(embedded, narrator, people).run()
    finally:
        embedded.stop()
    NUMBERS.write_text(json.dumps(outcome.document(), indent=2) + "\n")
    LIVE_NUMBERS.write_text(json.dumps(outcome.live.document(), indent=2) + "\n")
    tell(narrator, outcome)
    narrator.say(f"Numbers: {NUMBERS}")
    narrator.say(f"Report of the import: {REPORT_PAGE}")
    return 0 if outcome.fine else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
