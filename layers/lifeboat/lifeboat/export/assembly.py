"""Puts an export's parts together from the function's settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from lifeboat.aws import clients
from lifeboat.aws.bucket import Bucket
from lifeboat.aws.executions import Executions
from lifeboat.aws.topic import Topic
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.replicas import PoolReplicas
from lifeboat.export.absences import Absences
from lifeboat.export.begin import ExportBeginning
from lifeboat.export.cleanup import Retirement
from lifeboat.export.completion import ExportEnd
from lifeboat.export.configuration import ConfigurationExport
from lifeboat.export.groups import GroupExport
from lifeboat.export.memberships import MembershipExport
from lifeboat.export.places import Places
from lifeboat.export.progress import LISTED_MEMBERSHIPS, LISTED_USERS, Progress
from lifeboat.export.reading_place import ReadingPlace
from lifeboat.export.tasks import Run
from lifeboat.export.users import UserExport
from lifeboat.listing import lanes
from lifeboat.model import Group
from lifeboat.pacing import Budget, Category
from lifeboat.settings import settings
from lifeboat.store.ledger import Ledger
from lifeboat.store.live_writer import LiveVersionWriter
from lifeboat.store.markers import Markers
from lifeboat.store.table import BackupTable
from lifeboat.store.versions import VersionWriter

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def _table() -> BackupTable:
    return BackupTable(clients.dynamodb(), settings().table_name)


def _cognito() -> CognitoIdentityProviderClient:
    return clients.cognito_in(settings().exported_region)


def _reader(workers: int) -> PoolReader:
    return PoolReader(_cognito(), settings().user_pool_id, _budget(workers))


def _budget(workers: int) -> Budget:
    return Budget(settings().export_quota_share, workers, settings().quotas)


def _absences(run: Run) -> Absences:
    return Absences(Bucket(clients.s3(), settings().reports_bucket), run["ExportId"])


def _places(run: Run) -> Places:
    return Places(Bucket(clients.s3(), settings().reports_bucket), run["ExportId"])


def _lanes(run: Run) -> int:
    return lanes(_budget(run["Workers"]).rate(Category.USER_LIST))


def _writer(run: Run, group: Callable[[str], Group | None] | None = None) -> VersionWriter:
    if not run.get("Live"):
        return VersionWriter(_table(), run["At"], settings().history_days)
    table = _table()

    def drifted(drift: Mapping[str, int]) -> None:
        amounts = {f"drift_{kind}": number for kind, number in drift.items() if number}
        Ledger(table, "export").add(run["ExportId"], amounts)

    return LiveVersionWriter(table, Markers(table), run["At"], settings().history_days, drifted, group)


def _plain_writer(run: Run) -> VersionWriter:
    """For what no capture writes."""
    return VersionWriter(_table(), run["At"], settings().history_days)


def export_beginning() -> ExportBeginning:
    """For Begin Export."""
    replicas = PoolReplicas(_cognito(), settings().user_pool_id, _budget(1))
    place = ReadingPlace(settings().export_from, settings().exported_region, replicas)
    return ExportBeginning(settings(), _table(), _reader(1), Executions(clients.stepfunctions()), place)


def user_export(run: Run) -> UserExport:
    """For Export Users."""
    return UserExport(
        _table(),
        _reader(run["Workers"]),
        _absences(run),
        _places(run),
        _writer(run),
        run["At"],
        run["CaptureMfa"],
        _lanes(run),
        Progress(Ledger(_table(), "export"), run["ExportId"], LISTED_USERS),
    )


def group_export(run: Run) -> GroupExport:
    """For Export Groups."""
    markers = Markers(_table()) if run.get("Live") else None
    writer = _writer(run)
    return GroupExport(_table(), _reader(1), _absences(run), _places(run), writer, run["At"], markers)


def membership_export(run: Run) -> MembershipExport:
    """For Export Memberships."""
    reader = _reader(run["Workers"])
    return MembershipExport(
        _table(),
        reader,
        _absences(run),
        _places(run),
        _writer(run, reader.group),
        run["At"],
        _lanes(run),
        run["EstimatedUsers"],
        Progress(Ledger(_table(), "export"), run["ExportId"], LISTED_MEMBERSHIPS),
    )


def configuration_export(run: Run) -> ConfigurationExport:
    """For Capture Configuration."""
    with_secrets = settings().capture_client_secrets == "true"
    reader = ConfigurationReader(_cognito(), settings().user_pool_id, _budget(1), with_secrets)
    return ConfigurationExport(_table(), reader, _absences(run), _plain_writer(run))


def retirement(run: Run) -> Retirement:
    """For Retire Items."""
    return Retirement(_reader(run["Workers"]), _absences(run), _places(run), _writer(run))


def export_end() -> ExportEnd:
    """For Complete Export and Fail Export."""
    topic = Topic(clients.sns(), settings().topic_arn, settings().notify_on)
    return ExportEnd(settings(), _table(), Executions(clients.stepfunctions()), topic)
