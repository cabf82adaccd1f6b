"""An import rehearsed: the input that would start it, what stands in its way, what it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from cli.cockpit import Cockpit
from cli.connection import Connection, Stack
from cli.deployment import defaults
from cli.imports.failures import outcomes
from cli.imports.input import ImportAsked, in_options
from cli.imports.outlook import Outlook, outlook, rows_of_new_pool
from cli.problems import WrongUse, problem_of
from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.import_jobs import ImportJobs
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.errors import CognitoRefused, InvalidInput, ResourceNotFound
from lifeboat.model import now
from lifeboat.pacing import Quotas
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.begin import ImportBeginning, Rehearsed
from lifeboat.restore.csv_lane.rows import RowFormat
from lifeboat.restore.pool.new_pool import NewPool
from lifeboat.restore.pool.plan import Captured
from lifeboat.restore.portions import LISTING_WORKERS, SCAN_WORKERS
from lifeboat.store.as_of import AsOf
from lifeboat.store.backup import Backup
from lifeboat.store.keys import lock_key
from lifeboat.store.ledger import Ledger
from lifeboat.store.lock import region_of
from lifeboat.store.table import BackupTable

QUEUES: Final = ("NewUsersQueueUrl", "ApiUsersQueueUrl", "UpdatesQueueUrl")
"""The outputs that name the queues of an import."""

NO_EXECUTION: Final = "arn:aws:states:{region}:000000000000:execution:preflight:none"


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the rehearsal of an import has found.

    `outlook` is None where nothing can be reckoned, and for an import that is resumed: of that, `restored`
    is how many users are there already. `left_out` is what a created pool would not have.
    """

    stack: Stack
    problems: list[str]
    warnings: list[str]
    left_out: list[str]
    export_id: str
    outlook: Outlook | None
    resumes: str = ""
    restored: int = 0

    def document(self) -> dict[str, Any]:
        """The rehearsal as JSON has it."""
        return {
            "stack": self.stack.name,
            "region": self.stack.region,
            "ready": not self.problems,
            "problems": self.problems,
            "warnings": self.warnings,
            "left_out_of_the_created_pool": self.left_out,
            "export": self.export_id or None,
            "resumes": self.resumes or None,
            "restored_users": self.restored,
            "outlook": None if self.outlook is None else self.outlook.document(),
        }


def stack_for(cockpit: Cockpit, asked: ImportAsked) -> Stack:
    """The stack whose ImportWorkflow an input is for.

    That of the pool's Region, whatever Region is the default; that of the import that is resumed; for a pool
    to be created the one asked for, or else the backup stack.
    """
    if asked.pool is not None:
        region = asked.pool.partition("_")[0]
        cockpit.asked = replace(cockpit.asked, region=cockpit.asked.region or region)
        return cockpit.connection.in_region(region)
    connection = cockpit.connection
    if asked.resume is not None:
        entry = Ledger(connection.table(connection.here()), "import").get(asked.resume)
        return connection.here() if entry is None else connection.in_region(region_of(entry["execution_arn"]))
    return connection.in_region(cockpit.asked.region) if cockpit.asked.region else connection.backup()


def rehearse(connection: Connection, stack: Stack, typed: Mapping[str, Any]) -> Rehearsal:
    """Check everything that an import would, and reckon what it would do. Writes nothing.

    Raises WrongUse for what cannot be an import's input.
    """
    table, plan = connection.table(stack), _plan(stack)
    cognito = connection.client("cognito-idp", stack.region)
    executions = Executions(connection.client("stepfunctions", stack.region))
    queues = tuple(Queue(connection.client("sqs", stack.region), stack.output(name)) for name in QUEUES)
    beginning = ImportBeginning(
        table,
        executions,
        queues,
        lambda pool_id: PoolReader(cognito, pool_id, plan.alone),
        lambda pool_id: ConfigurationReader(cognito, pool_id, plan.alone),
        plan,
        defaults.text(stack, "SourceSubAttribute"),
        defaults.number(stack, "HistoryDays"),
    )
    arn = NO_EXECUTION.format(region=stack.region)
    try:
        rehearsed = beginning.rehearse(typed, arn, now())
    except InvalidInput as error:
        problem = problem_of(error)
        raise WrongUse(in_options(problem.message), problem.remedy) from None
    problems = [*_running(table, executions, arn), *rehearsed.found.problems]
    resumes = str(typed.get("Resume", ""))
    expected, left_out = (None, []) if resumes else _expected(rehearsed, table, cognito, plan)
    return Rehearsal(
        stack,
        [in_options(problem) for problem in problems],
        [in_options(warning) for warning in rehearsed.found.warnings],
        [in_options(note) for note in left_out],
        rehearsed.run["ExportId"],
        expected,
        resumes=resumes,
        restored=sum(outcome.complete for outcome in outcomes(table, resumes)) if resumes else 0,
    )


def _plan(stack: Stack) -> ImportPlan:
    return ImportPlan(
        defaults.number(stack, "ImportQuotaShare"),
        Quotas(defaults.number(stack, "UserCreationQuota"), defaults.number(stack, "UserReadQuota")),
        creators=defaults.number(stack, "CreateConcurrency"),
        updaters=defaults.number(stack, "UpdateConcurrency"),
        scanners=SCAN_WORKERS,
        listers=LISTING_WORKERS,
    )


def _running(table: BackupTable, executions: Executions, arn: str) -> Iterable[str]:
    """Why the import could not take the lock now. A drill gives way to an import."""
    lock = table.get(lock_key("import", region_of(arn)))
    if lock is not None and not lock.get("drill") and executions.running(str(lock["execution_arn"])):
        yield (
            f"the import {lock['run_id']} is running in this Region; `lifeboat watch` shows how far it is; "
            "wait until it ends, or stop it"
        )


def _expected(
    rehearsed: Rehearsed, table: BackupTable, cognito: Any, plan: ImportPlan
) -> tuple[Outlook | None, list[str]]:
    """What the import would do, and what a created pool would lack; None where that cannot be said."""
    run, export = rehearsed.run, rehearsed.found.export
    if export is None:
        return None, []
    backup: Backup = AsOf(table, run.get("Moment", ""), now()) if run["AsOf"] else table
    left_out: list[str] = []
    rows: RowFormat | None
    if run["UserPoolId"]:
        rows = _rows(cognito, run["UserPoolId"], plan)
    else:
        captured = Captured(backup.configurations())
        if not captured.pool:
            return None, []
        region = run["ExecutionArn"].split(":")[3]
        new = NewPool(rehearsed.pool_name, region, "", rehearsed.arn_map, run["SourceSubAttribute"])
        rows, left_out = rows_of_new_pool(captured, new)
    return (None if rows is None else outlook(backup, rows, run, export, plan)), left_out


def _rows(cognito: Any, pool_id: str, plan: ImportPlan) -> RowFormat | None:
    """The rows of a pool's import jobs; None if there is no such pool, or it tells no header."""
    try:
        facts = PoolFacts.of(PoolReader(cognito, pool_id, plan.alone).describe())
        return RowFormat(facts, ImportJobs(cognito, pool_id, "", plan.alone).header())
    except (ResourceNotFound, CognitoRefused):
        return None
