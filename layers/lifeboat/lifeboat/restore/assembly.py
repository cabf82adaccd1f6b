"""Puts an import's parts together from the function's settings."""

from __future__ import annotations

from functools import cache

from lifeboat.aws import clients
from lifeboat.aws.bucket import Bucket
from lifeboat.aws.executions import Executions
from lifeboat.aws.queues import Queue
from lifeboat.aws.topic import Topic
from lifeboat.cognito.pool import PoolFacts
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.pacing import Budget
from lifeboat.restore.begin import LISTING_WORKERS, ImportBeginning
from lifeboat.restore.completion import ImportEnd
from lifeboat.restore.consumer import Consumer
from lifeboat.restore.expectation import Files, digest
from lifeboat.restore.groups import GroupRestore
from lifeboat.restore.listing import RestoredListing
from lifeboat.restore.messages import NewUser, Update, read_new_user, read_update
from lifeboat.restore.progress import ProgressCheck
from lifeboat.restore.report import Reconciliation
from lifeboat.restore.scan import Scan
from lifeboat.restore.tasks import Run
from lifeboat.restore.updates import UserUpdate
from lifeboat.restore.users import UserRestore
from lifeboat.settings import settings
from lifeboat.store.ledger import Ledger
from lifeboat.store.outcomes import NEVER_QUEUED, Outcomes, State
from lifeboat.store.table import BackupTable


@cache
def _table() -> BackupTable:
    return BackupTable(clients.dynamodb(), settings().table_name)


def _queue(url: str) -> Queue:
    return Queue(clients.sqs(), url)


def _new_users() -> Queue:
    return _queue(settings().new_users_queue_url)


def _updates() -> Queue:
    return _queue(settings().updates_queue_url)


# A worker keeps its token buckets from one invocation to the next, so these are made once a pool.
@cache
def _reader(pool_id: str, workers: int) -> PoolReader:
    return PoolReader(clients.cognito(), pool_id, Budget(settings().import_quota_share, workers))


@cache
def _writer(pool_id: str, workers: int) -> PoolWriter:
    return PoolWriter(clients.cognito(), pool_id, Budget(settings().import_quota_share, workers))


@cache
def _facts(pool_id: str) -> PoolFacts:
    return PoolFacts.of(_reader(pool_id, 1).describe())


def _files(run: Run) -> Files:
    bucket = Bucket(clients.s3(), settings().reports_bucket)
    return Files(bucket, run["ImportId"], run["Buckets"], digest(run["ExecutionArn"])[:8])


def import_beginning() -> ImportBeginning:
    """For Begin Import."""
    executions = Executions(clients.stepfunctions())
    queues = (_new_users(), _updates())
    share = settings().import_quota_share
    return ImportBeginning(_table(), executions, queues, lambda pool_id: _reader(pool_id, 1), share)


def group_restore(run: Run) -> GroupRestore:
    """For Create Groups."""
    return GroupRestore(_table(), _writer(run["UserPoolId"], 1))


def scan(run: Run) -> Scan:
    """For Enqueue Users."""
    outcomes = Outcomes(_table(), run["ImportId"])
    return Scan(_table(), _new_users(), outcomes, _files(run), _facts(run["UserPoolId"]))


def progress_check(run: Run) -> ProgressCheck:
    """For Check Progress."""
    outcomes = Outcomes(_table(), run["ImportId"])
    return ProgressCheck(outcomes, Ledger(_table(), "import"), _new_users(), _updates())


def restored_listing(run: Run) -> RestoredListing:
    """For List Restored."""
    reader = _reader(run["UserPoolId"], LISTING_WORKERS)
    return RestoredListing(reader, _files(run), _facts(run["UserPoolId"]))


def files(run: Run) -> Files:
    """For Verify Users."""
    return _files(run)


def reconciliation(run: Run) -> Reconciliation:
    """For Complete Import."""
    return Reconciliation(_table(), _files(run), Outcomes(_table(), run["ImportId"]))


def import_end() -> ImportEnd:
    """For Complete Import and Fail Import."""
    topic = Topic(clients.sns(), settings().topic_arn, settings().notify_on)
    return ImportEnd(settings(), _table(), Executions(clients.stepfunctions()), topic)


def new_user_consumer() -> Consumer[NewUser]:
    """For the messages of NewUsersQueue."""

    def handle(message: NewUser) -> None:
        workers = settings().create_concurrency
        UserRestore(
            _facts(message.pool_id),
            _reader(message.pool_id, workers),
            _writer(message.pool_id, workers),
            Outcomes(_table(), message.import_id),
            _updates(),
        ).restore(message)

    def give_up(message: NewUser, reason: str) -> None:
        outcomes = Outcomes(_table(), message.import_id)
        outcomes.failed(message.sub, reason)
        outcome = outcomes.get(message.sub)
        if outcome is not None and outcome.state is State.CREATED and not outcome.complete:
            # The user is there, but what it still needs could not be queued.
            outcomes.update_failed(message.sub, NEVER_QUEUED, reason)

    dead_letters = _queue(settings().new_users_dlq_url)
    count = settings().max_receive_count
    return Consumer(_new_users(), dead_letters, count, read_new_user, handle, give_up)


def update_consumer() -> Consumer[Update]:
    """For the messages of UpdatesQueue."""

    def handle(message: Update) -> None:
        writer = _writer(message.pool_id, settings().update_concurrency)
        UserUpdate(writer, Outcomes(_table(), message.import_id)).apply(message)

    def give_up(message: Update, reason: str) -> None:
        Outcomes(_table(), message.import_id).update_failed(message.sub, message.number, reason)

    dead_letters = _queue(settings().updates_dlq_url)
    count = settings().max_receive_count
    return Consumer(_updates(), dead_letters, count, read_update, handle, give_up)
