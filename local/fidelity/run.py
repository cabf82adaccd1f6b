"""One kind of pool after the other: make and fill it, export it, lose its Region, import, look, judge."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from local.deployment import BACKUP, PRIMARY, Deployment, deploy, deploy_both, deploy_settings
from local.embedded import EmbeddedAws
from local.fidelity import settings
from local.fidelity.filling import (
    App,
    create_app,
    create_pool,
    create_roles,
    fill,
    sign_in_through_provider,
)
from local.fidelity.group_kinds import ARN_MAP as ROLE_MAP
from local.fidelity.group_kinds import CROWD, GROUP_KINDS
from local.fidelity.judging import Case, Judgement, Side, SignIn, judge
from local.fidelity.judging_pool import ARN_MAP, judge_pool
from local.fidelity.observing import account_of, observe
from local.fidelity.pool_arguments import SOURCE_SUB
from local.fidelity.pool_kinds import PoolKind
from local.fidelity.probing import machine_signs_in, probe
from local.fidelity.tables import await_replica, empty
from local.fidelity.user_kinds import Cast, cast
from local.front_control import FrontControl
from local.narration import Narrator, Step
from local.processes import REPOSITORY
from local.workflows import Run, Workflow, WorkflowFailedError

PARAMETERS: Final = {
    "CaptureMfaPreferences": "true",
    "CaptureClientSecrets": "true",
    "ExportQuotaShare": "100",
    "ImportQuotaShare": "100",
}
"""What the stacks are deployed with besides samconfig.toml: everything is captured, nobody is in the way."""

QUICK_JOBS: Final = {"start_seconds": 0.5, "users_per_second": 500}
"""Import jobs of the front, quicker than AWS's: their speed is not what is looked at here."""


@dataclass(frozen=True, slots=True)
class Old:
    """A pool of the Region that will be lost: as it was filled, and as it was then."""

    app: App
    cast: Cast
    side: Side
    settings: settings.Settings


class Matrix:
    """A run of the matrix on a running embedded AWS. `messages` counts those sent to users.

    stack_suffix sets its stacks apart from others that are deployed there.
    """

    def __init__(self, embedded: EmbeddedAws, narrator: Narrator, stack_suffix: str = "") -> None:
        self.embedded = embedded
        self.narrator = narrator
        self.messages = 0
        self._front = FrontControl(embedded.cognito_endpoint_url)
        self._regions = [deploy_settings(REPOSITORY, each)["region"] for each in (PRIMARY, BACKUP)]
        self._stack_suffix = stack_suffix
        self._deployment: Deployment | None = None

    def run(self, kinds: Sequence[PoolKind]) -> dict[str, list[Judgement]]:
        """Go through these kinds, also where nothing came of one. Raises EmbeddedAwsError."""
        create_roles(self.embedded.client("iam", self._regions[0]))
        self._front.ask("PUT", "imports", QUICK_JOBS)
        found: dict[str, list[Judgement]] = {}
        for kind in kinds:
            try:
                found[kind.key] = self._judged(kind)
            except WorkflowFailedError as error:
                found[kind.key] = [Judgement("present", "everybody", False, None, str(error))]
        return found

    def _judged(self, kind: PoolKind) -> list[Judgement]:
        """Take one kind of pool through export and import."""
        old = self._old(kind)
        deployment = self._deployed(old)
        self._front.clear_messages()
        with self.narrator.step(f"{kind.column}: export") as step:
            self._export(deployment, step)
        self._front.set_available(self._regions[0], False)
        try:
            with self.narrator.step(f"{kind.column}: import into the other Region") as step:
                imported = self._import(deployment, kind, step)
            self.messages += self._front.messages()
            with self.narrator.step(f"{kind.column}: look and judge") as step:
                judgements = list(self._judge(deployment, old, imported))
                step.note = _told(judgements)
        finally:
            self._front.set_available(self._regions[0], True)
        return judgements

    def _old(self, kind: PoolKind) -> Old:
        """Make and fill the pool, and see what it is then."""
        everybody = cast(kind)
        work = len(everybody.specimens) + len(GROUP_KINDS) + len(CROWD)
        with self.narrator.step(f"{kind.column}: make and fill the pool", work) as step:
            cognito = self.embedded.client("cognito-idp", self._regions[0])
            app = create_app(cognito, create_pool(cognito, kind, f"people-{kind.key}"))
            settings.apply(cognito, app.pool_id, kind)
            fill(app, self._front, everybody, step.advance)
            kinds = {user_kind.key for user_kind, _ in everybody.users.values()}
            step.note = f"{len(everybody.specimens)} users of {len(kinds)} kinds"
            side = self._side(app, everybody, to_the_end=False)
            return Old(app, everybody, side, settings.read(cognito, app.pool_id, kind))

    @staticmethod
    def _side(app: App, everybody: Cast, to_the_end: bool) -> Side:
        """See a pool from outside: list it first, for trying what its users can do may change them."""
        seen = observe(app.cognito, app.pool_id)
        found = {it.label: account_of(seen, everybody.pool, it) for it in everybody.specimens}
        names = {label: account.username for label, account in found.items() if account is not None}
        return Side(seen, probe(app, everybody, names, to_the_end))

    def _deployed(self, old: Old) -> Deployment:
        """Have the stacks back up this pool, into an empty table."""
        with self.narrator.step(f"{old.cast.pool.column}: deploy for it") as step:
            before = self._deployment
            if before is None:
                self._deployment = deploy_both(
                    self.embedded, old.app.pool_id, overrides=PARAMETERS, stack_suffix=self._stack_suffix
                )
                step.note = "both Regions"
            else:
                own = {
                    "UserPoolId": old.app.pool_id,
                    "BackupTableName": before.primary.outputs["BackupTableName"],
                }
                primary = deploy(
                    self.embedded, PRIMARY, overrides={**PARAMETERS, **own}, stack_suffix=self._stack_suffix
                )
                self._deployment = Deployment(primary, before.backup, old.app.pool_id)
                empty(self.embedded, self._deployment)
                step.note = "the primary Region, with an empty table"
            return self._deployment

    def _export(self, deployment: Deployment, step: Step) -> None:
        stack = deployment.primary
        names = stack.outputs["ExportWorkflowArn"], stack.outputs["BackupTableName"], "EXPORT"
        run = Workflow(self.embedded, stack.region, *names).run({}).succeeded()
        if run.ledger["status"] != "COMPLETED":
            raise WorkflowFailedError(f"the export ended as {run.ledger['status']}: {run.ledger['reason']}")
        await_replica(self.embedded, deployment, run)
        step.note = ", ".join(f"{count['listed']} {kind}" for kind, count in run.ledger["counts"].items())

    def _import(self, deployment: Deployment, kind: PoolKind, step: Step) -> Run:
        """Import into a pool of the operator's or of the import's own; an incomplete import is judged too."""
        stack = deployment.backup
        given: dict[str, Any] = {"ArnMap": {**ROLE_MAP, **ARN_MAP}}
        if SOURCE_SUB.removeprefix("custom:") in kind.custom:
            given["SourceSubAttribute"] = SOURCE_SUB
        if kind.made_by_import:
            given["CreateUserPool"] = {"PoolName": f"restored-{kind.key}"}
        else:
            cognito = self.embedded.client("cognito-idp", stack.region)
            given["NewUserPoolId"] = create_pool(cognito, kind, f"restored-{kind.key}")
        names = stack.outputs["ImportWorkflowArn"], stack.outputs["BackupTableName"], "IMPORT"
        run = Workflow(self.embedded, stack.region, *names).run(given)
        if run.status != "SUCCEEDED":
            self.narrator.complain(f"The import ended as {run.status}: {run.failure}")
        if "report" not in run.ledger:
            raise WorkflowFailedError(f"the import into a pool of the kind {kind.key} came to nothing")
        step.note = f"{run.ledger['totals']['users']['restored']} users restored, says its report"
        return run

    def _judge(self, deployment: Deployment, old: Old, imported: Run) -> Iterator[Judgement]:
        cognito = self.embedded.client("cognito-idp", deployment.backup.region)
        pool_id = str(imported.ledger["user_pool_id"])
        kind = old.cast.pool
        if kind.made_by_import:
            new = settings.read(cognito, pool_id, kind)
            signs_in = machine_signs_in(self.embedded, old.settings, new)
            yield from judge_pool(old.settings, new, signs_in)
        app = create_app(cognito, pool_id)
        after = self._side(app, old.cast, to_the_end=True)
        trigger = deployment.backup.outputs["RestoreFederatedGroupsFunctionArn"]
        attach_trigger(cognito, pool_id, trigger)
        case = Case(
            old.cast,
            (old.app.pool_id, pool_id),
            old.side,
            after,
            self._sub_map(imported),
            self._sign_ins(app, old.cast),
        )
        yield from judge(case)

    def _sign_ins(self, app: App, everybody: Cast) -> dict[tuple[str, str], SignIn]:
        """Sign in with every identity that there is: (label, identity) → what it led to."""
        return {
            (it.label, user_id): SignIn.of(sign_in_through_provider(self._front, app, user_id, it))
            for it in everybody.specimens
            for user_id in it.identities
        }

    def _sub_map(self, imported: Run) -> Mapping[str, tuple[str, str]]:
        """Read the maps beside the report: old sub → new sub and username; empty if there are none."""
        bucket, _, key = str(imported.ledger["report"]).removeprefix("s3://").partition("/")
        prefix = f"{key.rsplit('/', 1)[0]}/maps/users-"
        s3 = self.embedded.client("s3", self._regions[1])
        found: dict[str, tuple[str, str]] = {}
        for answer in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
            for entry in answer.get("Contents", ()):
                body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
                lines = csv.DictReader(io.StringIO(body.decode(), newline=""))
                found |= {line["sub"]: (line["new_sub"], line["new_username"]) for line in lines}
        return found


def attach_trigger(cognito: Any, pool_id: str, function_arn: str) -> None:
    """Attach the function that gives federated users their groups, as the README says.

    UpdateUserPool sets what it is not given back to its default, so it is given everything.
    """
    pool = cognito.describe_user_pool(UserPoolId=pool_id)["UserPool"]
    known = cognito.meta.service_model.operation_model("UpdateUserPool").input_shape.members
    kept = {name: value for name, value in pool.items() if name in known and value not in ("", [], {})}
    triggers = {**pool.get("LambdaConfig", {}), "PreTokenGeneration": function_arn}
    cognito.update_user_pool(**{**kept, "UserPoolId": pool_id, "LambdaConfig": triggers})


def _told(judgements: Sequence[Judgement]) -> str:
    unexplained = sum(judgement.verdict == "unexplained" for judgement in judgements)
    return f"{len(judgements)} fields and states, {unexplained} unexplained"
