"""The benchmark of one size of pool: exports, a lost Region, an import, each against Cognito's quotas.

The quotas are enforced in real time by the Cognito front, every call takes `latency_ms`, and both shares are
100 %. Before the clock runs, a few of the people are imported and all of them exported once, and the table is
emptied again: a function's cold start, which takes a second at AWS, takes several of a small machine on which
all of them start.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from benchmarks.crowd import change, changed_size, crowd, size_of
from benchmarks.floors import Size, export_floor, import_floor
from benchmarks.measuring import Measured, Stopwatch
from local.comparison import Snapshot, snapshot
from local.deployment import Deployment, deploy_both
from local.embedded import EmbeddedAws
from local.narration import Narrator
from local.people import Population, create_pool, create_roles, fill
from local.workflows import Workflow, WorkflowFailedError

WARM_USERS: Final = 40
REPLICATION_SECONDS: Final = 120.0
FULL_SHARES: Final = {"ExportQuotaShare": "100", "ImportQuotaShare": "100"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asks of the benchmark. `parameters` are the stacks', on top of full shares."""

    users: int
    latency_ms: float
    seed: int
    parameters: Mapping[str, str]
    with_import: bool = True


@dataclass(frozen=True, slots=True)
class Result:
    """All runs of one size."""

    asked: Asked
    size: Size
    runs: Mapping[str, Measured]
    lost: int

    @property
    def throttled_share(self) -> float:
        """Throttled calls to Cognito as a share of all calls, over all runs."""
        requests = sum(run.requests for run in self.runs.values())
        return sum(run.throttled for run in self.runs.values()) / requests if requests else 0.0


@dataclass(frozen=True, slots=True)
class Bench:
    """Runs the benchmark on a running embedded AWS that nothing else uses."""

    embedded: EmbeddedAws
    narrator: Narrator
    asked: Asked

    @property
    def watch(self) -> Stopwatch:
        """Measures the runs."""
        return Stopwatch(self.embedded)

    def run(self) -> Result:
        """Go through all runs. Raises EmbeddedAwsError and WorkflowFailedError."""
        people = crowd(self.asked.users, self.asked.seed)
        cognito = self.embedded.client("cognito-idp", "us-east-1")
        pool_id = create_pool(cognito, "people")
        overrides = {**FULL_SHARES, **self.asked.parameters}
        with self.narrator.step("Build and deploy to both Regions"):
            deployment = deploy_both(self.embedded, pool_id, overrides=overrides)
        create_roles(self.embedded.client("iam", deployment.primary.region), people)
        self._warm_import(deployment, people, pool_id)
        rest = replace(people, people=people.people[WARM_USERS:], groups=())
        with self.narrator.step(f"Fill the pool with {self.asked.users} users", len(rest.people)) as step:
            fill(cognito, pool_id, rest, progress=step.advance)
        with self.narrator.step("Warm up: export once, and empty the table"):
            self._warm_export(deployment)
        self.watch.front.ask("PUT", "quotas", {"enforce": True})
        self.watch.front.ask("PUT", "latency", {"latency_ms": self.asked.latency_ms})
        runs = self._exports(deployment, people, pool_id)
        size, lost = changed_size(people, self.asked.seed), 0
        if self.asked.with_import:
            runs["import"], lost = self._import(deployment, size, pool_id)
        return Result(self.asked, size, runs, lost)

    # -- before the clock ---------------------------------------------------------------------

    def _warm_import(self, deployment: Deployment, people: Population, pool_id: str) -> None:
        """Put the first few people into the pool; export and import them, if imports are wanted at all."""
        few = replace(people, people=people.people[:WARM_USERS])
        fill(self.embedded.client("cognito-idp", deployment.primary.region), pool_id, few)
        if not self.asked.with_import:
            return
        with self.narrator.step(f"Warm up: import {len(few.people)} users"):
            self._warm_export(deployment, empty=False)
            self._await_replica(deployment)
            cognito = self.embedded.client("cognito-idp", deployment.backup.region)
            scrap = create_pool(cognito, "warm-up")
            self.watch.front.ask("PUT", "imports", {"start_seconds": 0.5})
            self._run_import("warm-up", deployment, scrap, 0.0)
            self.watch.front.ask("PUT", "imports", {})
            cognito.delete_user_pool(UserPoolId=scrap)

    def _warm_export(self, deployment: Deployment, *, empty: bool = True) -> None:
        primary = deployment.primary
        self.watch.run("warm-up", primary.region, primary.outputs["ExportWorkflowArn"], {}, 0.0)
        if empty:
            self._empty_table(primary.region, primary.outputs["BackupTableName"])

    def _empty_table(self, region: str, table: str) -> None:
        dynamodb = self.embedded.client("dynamodb", region)
        pages = dynamodb.get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk, sk")
        keys = [item for page in pages for item in page["Items"]]
        for start in range(0, len(keys), 25):
            batch = [{"DeleteRequest": {"Key": key}} for key in keys[start : start + 25]]
            dynamodb.batch_write_item(RequestItems={table: batch})

    # -- the runs -------------------------------------------------------------------------------

    def _exports(self, deployment: Deployment, people: Population, pool_id: str) -> dict[str, Measured]:
        runs = {"export": self._export("export", deployment, size_of(people))}
        runs["unchanged_export"] = self._export("unchanged_export", deployment, size_of(people))
        with self.narrator.step("Change 1 % of the users and 1 % of the memberships"):
            self.watch.front.ask("PUT", "quotas", {"enforce": False})
            cognito = self.embedded.client("cognito-idp", deployment.primary.region)
            done = sum(1 for _ in change(cognito, pool_id, people, self.asked.seed))
            self.watch.front.ask("PUT", "quotas", {"enforce": True})
        size = changed_size(people, self.asked.seed)
        runs["changed_export"] = self._export("changed_export", deployment, size)
        changed = runs["changed_export"].output["Counts"]
        seen = sum(changed[kind][how] for kind in changed for how in ("added", "changed", "retired"))
        if seen != done:
            raise WorkflowFailedError(f"{done} changes were made, and the export saw {seen}")
        return runs

    def _export(self, name: str, deployment: Deployment, size: Size) -> Measured:
        stack = deployment.primary
        title = f"{name.replace('_', ' ').capitalize()} of {size.users} users"
        with self.narrator.step(title) as step:
            arn = stack.outputs["ExportWorkflowArn"]
            measured = self.watch.run(name, stack.region, arn, {}, export_floor(size))
            step.note = _told(measured)
        return measured

    def _import(self, deployment: Deployment, size: Size, pool_id: str) -> tuple[Measured, int]:
        """Lose the primary Region, import, and count what the new pool lacks."""
        primary, backup = deployment.primary, deployment.backup
        front = self.watch.front
        front.ask("PUT", "quotas", {"enforce": False})
        front.ask("PUT", "latency", {"latency_ms": 0})
        source = snapshot(self.embedded.client("cognito-idp", primary.region), pool_id)
        self._await_replica(deployment)
        front.ask("PUT", "quotas", {"enforce": True})
        front.ask("PUT", "latency", {"latency_ms": self.asked.latency_ms})
        front.set_available(primary.region, False)
        new_pool_id = create_pool(self.embedded.client("cognito-idp", backup.region), "people-restored")
        with self.narrator.step(f"The Region is lost: import of {size.users} users") as step:
            measured = self._run_import("import", deployment, new_pool_id, import_floor(size))
            step.note = _told(measured)
        front.ask("PUT", "quotas", {"enforce": False})
        front.ask("PUT", "latency", {"latency_ms": 0})
        restored = snapshot(self.embedded.client("cognito-idp", backup.region), new_pool_id)
        return measured, _lost(source, restored)

    def _run_import(self, name: str, deployment: Deployment, pool_id: str, floor: float) -> Measured:
        stack = deployment.backup
        arn = stack.outputs["ImportWorkflowArn"]
        return self.watch.run(name, stack.region, arn, {"NewUserPoolId": pool_id}, floor)

    def _await_replica(self, deployment: Deployment) -> None:
        """Wait until the replica has all of the export's ledger entries as they are."""
        primary, backup = deployment.primary, deployment.backup

        def entries(region: str, table: str) -> list[dict[str, Any]]:
            return Workflow(self.embedded, region, "", table, "EXPORT").entries()

        deadline = time.monotonic() + REPLICATION_SECONDS
        wanted = entries(primary.region, primary.outputs["BackupTableName"])
        while entries(backup.region, backup.outputs["BackupTableName"]) != wanted:
            if time.monotonic() > deadline:
                raise WorkflowFailedError(f"the replica in {backup.region} has not received the exports")
            time.sleep(0.1)


def _told(measured: Measured) -> str:
    return (
        f"{measured.seconds:.1f} s, {measured.over_floor:.2f} × the floor of {measured.floor:.1f} s; "
        f"{measured.requests} requests, {measured.throttled} throttled; "
        f"{measured.items_written} items written"
    )


def _lost(source: Snapshot, restored: Snapshot) -> int:
    """Count users and memberships that the new pool lacks."""
    return len(source.users.keys() - restored.users.keys()) + len(source.memberships - restored.memberships)


def bench(state_dir: Path, narrator: Narrator, asked: Asked) -> Result:
    """Start an embedded AWS, run the benchmark on it, and end it."""
    embedded = EmbeddedAws(state_dir, seed=asked.seed)
    try:
        with narrator.step("Start the embedded AWS"):
            embedded.start()
        return Bench(embedded, narrator, asked).run()
    finally:
        embedded.stop()
