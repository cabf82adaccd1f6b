"""Puts an import's parts together from the function's settings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from functools import cache

from lifeboat.aws import clients
from lifeboat.aws.bucket import Bucket
from lifeboat.aws.executions import Executions
from lifeboat.aws.functions import FunctionCallers
from lifeboat.aws.logs import LogStreams
from lifeboat.aws.queues import Queue
from lifeboat.aws.topic import Topic
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.import_jobs import ImportJobs
from lifeboat.cognito.passwords import PasswordCheck
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.pool_writer import PartMaker, PoolMaker
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.triggers import PoolTriggers
from lifeboat.cognito.writer import PoolWriter
from lifeboat.pacing import Budget, Category
from lifeboat.request_plan import ImportPlan
from lifeboat.restore.begin import ImportBeginning
from lifeboat.restore.comparison.expectation import Files, digest
from lifeboat.restore.comparison.listing import RestoredListing
from lifeboat.restore.completion import ImportEnd
from lifeboat.restore.csv_lane.chunk import Drain
from lifeboat.restore.csv_lane.job import ImportJobStep
from lifeboat.restore.csv_lane.rows import RowFormat
from lifeboat.restore.csv_lane.run import UserImport
from lifeboat.restore.drills import Drills
from lifeboat.restore.groups import GroupRestore
from lifeboat.restore.messages import NewUser, Update, read_new_user, read_update
from lifeboat.restore.on_demand.federated import FederatedGroups
from lifeboat.restore.on_demand.migration import Migration
from lifeboat.restore.on_demand.pool_rules import PoolRules
from lifeboat.restore.on_demand.returning import ReturningUsers
from lifeboat.restore.on_demand.triggers import Triggers
from lifeboat.restore.pool.creation import PoolCreation
from lifeboat.restore.portions import LISTING_WORKERS, SCAN_WORKERS
from lifeboat.restore.progress import ProgressCheck, ProgressDisplay
from lifeboat.restore.report import Reconciliation
from lifeboat.restore.scan import Scan
from lifeboat.restore.steps import CREATING_GROUPS, LISTING, Step, StepProgress
from lifeboat.restore.tasks import Run
from lifeboat.restore.users.consumer import Consumer
from lifeboat.restore.users.creation import UserRestore
from lifeboat.restore.users.pace import UserPace
from lifeboat.restore.users.updates import UserUpdate
from lifeboat.settings import settings
from lifeboat.store.as_of import AsOf
from lifeboat.store.backup import Backup
from lifeboat.store.given import GivenGroups
from lifeboat.store.ledger import Ledger, begun_at
from lifeboat.store.on_demand import OnDemandPools
from lifeboat.store.outcomes import NEVER_QUEUED, Outcomes, State
from lifeboat.store.table import BackupTable
from lifeboat.store.tally import Count, Tally


@cache
def _table() -> BackupTable:
    return BackupTable(clients.dynamodb(), settings().table_name)


def _backup(run: Run) -> Backup:
    """The backup that an import restores: as it is, or as it was at the moment asked for.

    What had not expired when the import began is read to its end.
    """
    if not run["AsOf"]:
        return _table()
    return AsOf(_table(), run.get("Moment") or begun_at(run["ExportId"]), begun_at(run["ImportId"]))


def _queue(url: str) -> Queue:
    return Queue(clients.sqs(), url)


def _new_users() -> Queue:
    return _queue(settings().new_users_queue_url)


def _api_users() -> Queue:
    return _queue(settings().api_users_queue_url)


def _updates() -> Queue:
    return _queue(settings().updates_queue_url)


def _plan() -> ImportPlan:
    given = settings()
    return ImportPlan(
        given.import_quota_share,
        given.quotas,
        creators=given.create_concurrency,
        updaters=given.update_concurrency,
        scanners=SCAN_WORKERS,
        listers=LISTING_WORKERS,
    )


# A worker keeps its token buckets from one invocation to the next, so these are made once a pool.
@cache
def _reader(pool_id: str, budget: Budget) -> PoolReader:
    return PoolReader(clients.cognito(), pool_id, budget)


@cache
def _writer(pool_id: str, budget: Budget) -> PoolWriter:
    return PoolWriter(clients.cognito(), pool_id, budget)


@cache
def _facts(pool_id: str) -> PoolFacts:
    return PoolFacts.of(_reader(pool_id, _plan().describing).describe())


@cache
def _jobs(pool_id: str, budget: Budget) -> ImportJobs:
    return ImportJobs(clients.cognito(), pool_id, settings().import_job_role_arn, budget)


@cache
def _rows(pool_id: str) -> RowFormat:
    return RowFormat(_facts(pool_id), _jobs(pool_id, _plan().scanning).header())


def _files(run: Run) -> Files:
    bucket = Bucket(clients.s3(), settings().reports_bucket)
    return Files(bucket, run["ImportId"], run["Buckets"], digest(run["ExecutionArn"])[:8])


def _arn_map(run: Run) -> Mapping[str, str]:
    """The input's ArnMap, from the ledger."""
    entry = Ledger(_table(), "import").get(run["ImportId"]) or {}
    return {str(old): str(new) for old, new in entry.get("arn_map", {}).items()}


def import_beginning() -> ImportBeginning:
    """For Begin Import."""
    executions = Executions(clients.stepfunctions())
    return ImportBeginning(
        _table(),
        executions,
        (_new_users(), _api_users(), _updates()),
        lambda pool_id: _reader(pool_id, _plan().alone),
        lambda pool_id: ConfigurationReader(clients.cognito(), pool_id, _plan().alone),
        _plan(),
        settings().source_sub_attribute,
        settings().history_days,
    )


def pool_creation(run: Run) -> PoolCreation:
    """For Create User Pool."""
    budget = _plan().alone
    return PoolCreation(
        _backup(run),
        PoolMaker(clients.careful_cognito(), budget),
        lambda pool_id: PartMaker(clients.careful_cognito(), pool_id, budget),
        _files(run),
        Ledger(_table(), "import"),
        _arn_map(run),
        Drills(_table()),
        settings().stack_name,
    )


def triggers(pool_id: str) -> Triggers:
    """For Attach Triggers and Detach Triggers."""
    return Triggers(
        pool_id,
        lambda: PoolTriggers(clients.cognito(), pool_id, _plan().alone),
        FunctionCallers(clients.functions()),
        OnDemandPools(_table()),
    )


def step_progress(run: Run, step: Step) -> StepProgress:
    """What a step of the import shows of itself."""
    return StepProgress(run, Ledger(_table(), "import"), settings().stack_name, step)


def group_restore(run: Run) -> GroupRestore:
    """For Create Groups."""
    writer = _writer(run["UserPoolId"], _plan().alone)
    return GroupRestore(_backup(run), writer, _arn_map(run), step_progress(run, CREATING_GROUPS))


def scan(run: Run) -> Scan:
    """For Enqueue Users."""
    outcomes = Outcomes(_table(), run["ImportId"])
    ledger = Ledger(_table(), "import")
    return Scan(
        _backup(run),
        _new_users(),
        _api_users(),
        outcomes,
        _files(run),
        _rows(run["UserPoolId"]),
        ledger,
        GivenGroups(_table(), run["UserPoolId"]) if run.get("OnDemand") else None,
        Drills(_table()),
    )


def import_job_step(run: Run) -> ImportJobStep:
    """The CSV lane's part of Run Import Jobs."""
    pool_id = run["UserPoolId"]
    outcomes = Outcomes(_table(), run["ImportId"])
    drain = Drain(
        run["ImportId"],
        run["UserLane"] == "csv",
        _facts(pool_id),
        _rows(pool_id),
        outcomes,
        _new_users(),
        _queue(settings().new_users_dlq_url),
        _api_users(),
        _updates(),
        Drills(_table()).abandoned,
    )
    return ImportJobStep(
        run,
        _facts(pool_id),
        _jobs(pool_id, _plan().alone),
        LogStreams(clients.logs()),
        drain,
        _backup(run),
        outcomes,
        Ledger(_table(), "import"),
        _files(run),
        settings().csv_chunk_users,
        Budget(settings().import_quota_share, 1).rate(Category.USER_UPDATE),
        Tally(_table()),
    )


def progress_check(run: Run) -> ProgressCheck:
    """The watch of Run Import Jobs."""
    queues = (_new_users(), _api_users(), _updates())
    display = ProgressDisplay(run, Ledger(_table(), "import"), queues, settings().stack_name)
    return ProgressCheck(Outcomes(_table(), run["ImportId"]), display, _new_users())


def user_import(run: Run) -> UserImport:
    """For Run Import Jobs."""
    return UserImport(import_job_step(run), progress_check(run))


def restored_listing(run: Run) -> RestoredListing:
    """For List Restored."""
    reader = _reader(run["UserPoolId"], _plan().listing)
    return RestoredListing(reader, _files(run), _facts(run["UserPoolId"]), step_progress(run, LISTING))


def files(run: Run) -> Files:
    """For Verify Users."""
    return _files(run)


def reconciliation(run: Run) -> Reconciliation:
    """For Complete Import."""
    given = GivenGroups(_table(), run["UserPoolId"])
    outcomes = Outcomes(_table(), run["ImportId"])
    return Reconciliation(_backup(run), _files(run), outcomes, _arn_map(run), given)


def import_end() -> ImportEnd:
    """For Complete Import and Fail Import."""
    topic = Topic(clients.sns(), settings().topic_arn, settings().notify_on)
    return ImportEnd(settings(), _table(), Executions(clients.stepfunctions()), topic)


@cache
def _prompt_table() -> BackupTable:
    return BackupTable(clients.prompt_dynamodb(), settings().table_name)


@cache
def _prompt_writer(pool_id: str) -> PoolWriter:
    # How many sign-ins are under way is not known, so there is no share to keep to: the quota is the limit.
    return PoolWriter(clients.prompt_cognito(), pool_id, Budget(share=100, workers=1))


@cache
def _prompt_rules() -> PoolRules:
    return PoolRules(
        _prompt_table(),
        lambda pool_id: PoolReader(clients.prompt_cognito(), pool_id, Budget(share=100, workers=1)),
    )


@cache
def _passwords() -> PasswordCheck | None:
    pool_id, client_id = settings().primary_user_pool_id, settings().primary_app_client_id
    if not (pool_id and client_id):
        return None
    client = clients.primary_cognito(pool_id.partition("_")[0])
    return PasswordCheck(client, pool_id, client_id, Budget(share=100, workers=1))


def migration() -> Migration:
    """For Migrate User."""
    given = settings()
    return Migration(
        given.stack_name,
        given.user_pool_id,
        given.source_sub_attribute,
        _prompt_table(),
        _prompt_rules(),
        _passwords(),
    )


def federated_groups() -> FederatedGroups:
    """For Restore Federated Groups."""
    given = settings()
    returning = ReturningUsers(_prompt_table(), _prompt_rules())
    return FederatedGroups(given.stack_name, given.user_pool_id, _prompt_table(), _prompt_writer, returning)


_making = threading.Lock()
"""Held while the parts below are made: threads making them at once would have buckets of their own."""


@cache
def _pace(workers: int) -> UserPace:
    return UserPace(settings().import_quota_share, workers)


def _parts(
    pool_id: str, lookups: Budget, writing: Budget
) -> tuple[PoolFacts, PoolReader, PoolWriter, UserPace]:
    """What one consumer needs of a pool; the same for all threads of a worker."""
    with _making:
        return (
            _facts(pool_id),
            _reader(pool_id, lookups),
            _writer(pool_id, writing),
            _pace(writing.workers),
        )


def new_user_consumer() -> Consumer[NewUser]:
    """For the messages of ApiUsersQueue."""
    table, updates, plan = _table(), _updates(), _plan()
    tally = Tally(table)

    def handle(message: NewUser) -> None:
        facts, reader, writer, _ = _parts(message.pool_id, plan.creating_lookups, plan.creating)
        outcomes = Outcomes(table, message.import_id)
        given = GivenGroups(table, message.pool_id)
        restore = UserRestore(facts, reader, writer, outcomes, updates, given)
        tally.add(message.import_id, restore.restore(message))

    def give_up(message: NewUser, reason: str) -> None:
        outcomes = Outcomes(table, message.import_id)
        settled = outcomes.failed(message.sub, reason)
        outcome = outcomes.get(message.sub)
        if outcome is not None and outcome.state is State.CREATED and not outcome.complete:
            # The user is there, but what it still needs could not be queued.
            settled = outcomes.update_failed(message.sub, NEVER_QUEUED, reason)
        tally.add(message.import_id, Count(settled=int(settled), failed=int(settled)))

    dead_letters = _queue(settings().api_users_dlq_url)
    count = settings().max_receive_count
    abandoned = Drills(table).abandoned
    return Consumer(_api_users(), dead_letters, count, read_new_user, handle, give_up, tally.flush, abandoned)


def update_consumer() -> Consumer[Update]:
    """For the messages of UpdatesQueue."""
    table, plan = _table(), _plan()
    tally = Tally(table)

    def handle(message: Update) -> None:
        facts, reader, writer, pace = _parts(message.pool_id, plan.updating_lookups, plan.updating)
        outcomes = Outcomes(table, message.import_id)
        tally.add(message.import_id, UserUpdate(facts, reader, writer, outcomes, pace).apply(message))

    def give_up(message: Update, reason: str) -> None:
        settled = Outcomes(table, message.import_id).update_failed(message.sub, message.number, reason)
        tally.add(message.import_id, Count(settled=int(settled), failed=int(settled)))

    dead_letters = _queue(settings().updates_dlq_url)
    count = settings().max_receive_count
    abandoned = Drills(table).abandoned
    return Consumer(_updates(), dead_letters, count, read_update, handle, give_up, tally.flush, abandoned)
