"""The export of a pool's configuration: all parts, earlier versions, what is gone and what is refused."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from boto3.dynamodb.conditions import Key as KeyCondition
from botocore.exceptions import ClientError
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sns.models import sns_backends

from lifeboat.aws import clients
from lifeboat.cognito import calls, configuration_reader
from lifeboat.cognito.configuration import with_bytes
from lifeboat.cognito.configuration_reader import ConfigurationReader
from lifeboat.errors import CognitoThrottled, ResourceNotFound
from lifeboat.export import assembly
from lifeboat.export.tasks import ConfigurationTask
from lifeboat.pacing import Budget, TokenBucket
from lifeboat.store.items import Item
from lifeboat.store.keys import history_key, pool_key
from lifeboat.store.table import BackupTable
from lifeboat.telemetry import logger
from tests.adapters.dying import DyingTable, Killed, content
from tests.adapters.moto_configuration import set_part
from tests.adapters.pools import UNLIMITED, Pool, failing
from tests.adapters.stack import Export, Stack, new_process
from tests.unit.examples import OVER, PLENTY

FIRST = "2026-03-01T12:00:00.000Z"
SECOND = "2026-03-02T12:00:00.000Z"
THIRD = "2026-03-03T12:00:00.000Z"

PROVIDER_SECRET = "the-secret-at-the-provider"
RISK = {"RiskExceptionConfiguration": {"BlockedIPRangeList": ["192.0.2.0/24"]}}
BRANDING: dict[str, Any] = {
    "ManagedLoginBrandingId": "a-branding",
    "Settings": {"page": {"opacity": 0.5, "dark": None}},
    "Assets": [
        {"Category": "FORM_LOGO", "ColorMode": "DARK", "Extension": "PNG", "Bytes": b"\x89PNG\x00\xff"}
    ],
}


class ConfiguredPool:
    """A pool with everything that a pool can have: a confidential client `service`, a public one `web`."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        client = pool.client
        of_pool: Any = {"UserPoolId": pool.pool_id}
        service = client.create_user_pool_client(ClientName="service", GenerateSecret=True, **of_pool)
        web = client.create_user_pool_client(ClientName="web", **of_pool)
        self.service = service["UserPoolClient"]["ClientId"]
        self.secret = service["UserPoolClient"]["ClientSecret"]
        self.web = web["UserPoolClient"]["ClientId"]
        client.create_identity_provider(
            ProviderName="Google",
            ProviderType="Google",
            ProviderDetails={"client_id": "i", "client_secret": PROVIDER_SECRET},
            AttributeMapping={"email": "email"},
            **of_pool,
        )
        scopes: Any = [{"ScopeName": "read", "ScopeDescription": "May read"}]
        client.create_resource_server(Identifier="https://api#1", Name="api", Scopes=scopes, **of_pool)
        client.create_user_pool_domain(Domain="people", **of_pool)
        client.set_user_pool_mfa_config(
            MfaConfiguration="OPTIONAL", SoftwareTokenMfaConfiguration={"Enabled": True}, **of_pool
        )
        set_part(pool, "UI", {"ClientId": "ALL", "CSS": ".logo {}", "CSSVersion": "1"})
        set_part(pool, "UI", {"ClientId": self.web, "CSS": ".web {}"}, self.web)
        set_part(pool, "BRANDING", BRANDING, self.web)
        set_part(pool, "RISK", RISK)
        set_part(
            pool, "LOGS", {"LogConfigurations": [{"LogLevel": "ERROR", "EventSource": "userAuthEvents"}]}
        )

    def names(self) -> set[str]:
        clients = {f"CLIENT#{self.service}", f"CLIENT#{self.web}", f"UI#{self.web}", f"BRANDING#{self.web}"}
        shared = {"CONFIG", "MFA", "IDP#Google", "RESOURCE_SERVER#https://api#1", "DOMAIN#people", "LOGS"}
        return clients | shared | {"UI#ALL", "RISK#ALL"}

    def rename(self, client_id: str, name: str) -> None:
        self.pool.client.update_user_pool_client(
            UserPoolId=self.pool.pool_id, ClientId=client_id, ClientName=name
        )

    def delete_web(self) -> None:
        self.pool.client.delete_user_pool_client(UserPoolId=self.pool.pool_id, ClientId=self.web)
        for kind in ("UI", "BRANDING"):
            set_part(self.pool, kind, None, self.web)


@pytest.fixture
def source(stack: Stack) -> ConfiguredPool:
    return ConfiguredPool(stack.source)


@pytest.fixture
def captured(source: ConfiguredPool) -> ConfiguredPool:
    """A pool whose configuration is in the backup."""
    capture(FIRST)
    return source


def capture(at: str, **options: Any) -> ConfigurationTask:
    export = Export(at, **options)
    export.begin()
    return export.configuration()


def counted(task: ConfigurationTask) -> tuple[int, ...]:
    return tuple(task["Counts"][name] for name in ("parts", "added", "changed", "retired"))


def items(table: BackupTable, partition: str = "POOL") -> list[Item]:
    return sorted(table.query(KeyCondition("pk").eq(partition)), key=lambda item: str(item["sk"]))


def refusal(operation: str, code: str = "UserPoolAddOnNotEnabledException") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "not in this plan"}}, operation)


# -- what is captured ---------------------------------------------------------------------------


def test_every_part_is_captured(stack: Stack, source: ConfiguredPool) -> None:
    task = capture(FIRST)
    parts = stack.table.configurations()
    assert parts.keys() == source.names()
    assert (counted(task), task["Unread"]) == ((12, 12, 0, 0), [])
    assert parts["CONFIG"].document["Id"] == stack.source.pool_id
    assert parts["MFA"].document["SoftwareTokenMfaConfiguration"] == {"Enabled": True}
    assert parts[f"CLIENT#{source.web}"].document["ClientName"] == "web"
    assert parts["RESOURCE_SERVER#https://api#1"].document["Scopes"][0]["ScopeName"] == "read"
    assert parts["DOMAIN#people"].document["Domain"] == "people"
    assert parts["UI#ALL"].document == {"ClientId": "ALL", "CSS": ".logo {}"}
    assert with_bytes(parts[f"BRANDING#{source.web}"].document) == BRANDING
    for name, part in parts.items():
        assert stack.table.configuration(name) == part


def test_secrets_are_left_out(stack: Stack, captured: ConfiguredPool) -> None:
    everything = repr(content(stack.table))
    assert captured.secret not in everything
    assert PROVIDER_SECRET not in everything
    parts = stack.table.configurations()
    assert parts[f"CLIENT#{captured.service}"].document["SecretsLeftOut"] == ["ClientSecret"]
    assert "SecretsLeftOut" not in parts[f"CLIENT#{captured.web}"].document
    assert parts["IDP#Google"].document["SecretsLeftOut"] == ["client_secret"]


def test_secrets_are_captured_where_that_is_asked_for(
    stack: Stack, captured: ConfiguredPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAPTURE_CLIENT_SECRETS", "true")
    with new_process():
        task = capture(SECOND)
    parts = stack.table.configurations()
    assert counted(task) == (12, 0, 2, 0)
    assert parts[f"CLIENT#{captured.service}"].document["ClientSecret"] == captured.secret
    assert parts["IDP#Google"].document["ProviderDetails"]["client_secret"] == PROVIDER_SECRET


def test_what_a_client_only_inherits_is_not_kept(stack: Stack, captured: ConfiguredPool) -> None:
    # Given an answer for a client that repeats the pool's settings under the client's name
    set_part(stack.source, "RISK", {**RISK, "ClientId": captured.web}, captured.web)
    assert counted(capture(SECOND)) == (12, 0, 0, 0)
    # And one with settings of its own
    own = {"RiskExceptionConfiguration": {"SkippedIPRangeList": ["198.51.100.0/24"]}}
    set_part(stack.source, "RISK", {**own, "ClientId": captured.web}, captured.web)
    assert counted(capture(THIRD)) == (13, 1, 0, 0)


def test_a_domain_of_another_pool_is_not_this_ones(stack: Stack, make_pool: Callable[..., Pool]) -> None:
    other = make_pool()
    other.client.create_user_pool_domain(UserPoolId=other.pool_id, Domain="theirs")
    reader = ConfigurationReader(other.client, stack.source.pool_id, UNLIMITED)
    assert reader.part("DOMAIN#theirs") is None
    assert reader.part("DOMAIN#nobodys") is None


def test_listings_run_over_all_their_pages(
    stack: Stack, source: ConfiguredPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for limit in ("PAGE", "RESOURCE_SERVERS_PAGE"):
        monkeypatch.setattr(configuration_reader, limit, 1)
    names, refused = ConfigurationReader(stack.source.client, stack.source.pool_id, UNLIMITED).names()
    assert (len(names), refused) == (len(set(names)), {})
    assert source.names() <= set(names)


def test_each_operation_has_a_budget_of_its_own(
    stack: Stack, source: ConfiguredPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    used: dict[str, TokenBucket] = {}

    def noted(bucket: TokenBucket, operation: Any, **arguments: Any) -> Any:
        assert used.setdefault(operation.__name__, bucket) is bucket
        return calls.call(bucket, operation, **arguments)

    monkeypatch.setattr(configuration_reader, "call", noted)
    monkeypatch.setattr(TokenBucket, "acquire", lambda _: 0.0)
    reader = ConfigurationReader(stack.source.client, stack.source.pool_id, Budget(50, 1))
    for name in reader.names()[0]:
        reader.part(name)
    assert len(used) == 13
    for of_the_pool in ("describe_user_pool", "get_user_pool_mfa_config"):
        used.pop(of_the_pool)
    assert len({id(bucket) for bucket in used.values()}) == len(used)
    assert {bucket._rate for bucket in used.values()} == {2.5}


# -- from one export to the next ----------------------------------------------------------------


def test_what_is_unchanged_is_not_written_again(stack: Stack, captured: ConfiguredPool) -> None:
    before = items(stack.table)
    assert counted(capture(SECOND)) == (12, 0, 0, 0)
    assert items(stack.table) == before
    assert items(stack.table, "HISTORY#POOL") == []


def test_a_change_leaves_the_earlier_version(stack: Stack, captured: ConfiguredPool) -> None:
    captured.rename(captured.web, "website")
    assert counted(capture(SECOND)) == (12, 0, 1, 0)
    name = f"CLIENT#{captured.web}"
    assert stack.table.configurations()[name].document["ClientName"] == "website"
    (earlier,) = items(stack.table, "HISTORY#POOL")
    assert earlier["sk"] == history_key(pool_key(name), FIRST).sk
    assert (earlier["valid_from"], earlier["valid_to"]) == (FIRST, SECOND)
    assert json.loads(earlier["document"])["ClientName"] == "web"


def test_what_is_deleted_is_retired_with_all_that_hangs_on_it(stack: Stack, captured: ConfiguredPool) -> None:
    captured.delete_web()
    captured.pool.client.delete_identity_provider(UserPoolId=stack.source.pool_id, ProviderName="Google")
    set_part(stack.source, "LOGS", None)
    task = capture(SECOND)
    gone = {f"{kind}#{captured.web}" for kind in ("CLIENT", "UI", "BRANDING")} | {"IDP#Google", "LOGS"}
    assert counted(task) == (7, 0, 0, 5)
    assert stack.table.configurations().keys() == captured.names() - gone
    history = items(stack.table, "HISTORY#POOL")
    assert {item["name"] for item in history} == gone
    assert {(item["valid_from"], item["valid_to"]) for item in history} == {(FIRST, SECOND)}


def test_what_a_listing_missed_is_looked_for_again(
    stack: Stack, captured: ConfiguredPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    captured.rename(captured.web, "website")
    monkeypatch.setattr(ConfigurationReader, "_client_ids", lambda _: iter([captured.service]))
    assert counted(capture(SECOND)) == (12, 0, 1, 0)
    parts = stack.table.configurations()
    assert parts.keys() == captured.names()
    assert parts[f"CLIENT#{captured.web}"].document["ClientName"] == "website"


def test_of_a_pool_that_is_gone_nothing_is_retired(stack: Stack, captured: ConfiguredPool) -> None:
    # Given a capture that has found a client gone, and a pool that is deleted before the second look
    captured.delete_web()
    export = Export(SECOND, deadline=OVER)
    run = export.begin()["Run"]
    task: ConfigurationTask = {"Run": run, "Next": 0}
    names = len(ConfigurationReader(stack.source.client, stack.source.pool_id, UNLIMITED).names()[0])
    while task["Next"] < names:
        task = assembly.configuration_export(run).export(task, OVER)
    assert not task["Finished"]
    before = items(stack.table)
    stack.source.client.delete_user_pool(UserPoolId=stack.source.pool_id)
    # When it is looked for
    with pytest.raises(ResourceNotFound):
        assembly.configuration_export(run).export(task, OVER)
    # Then everything is still there
    assert items(stack.table) == before
    with pytest.raises(ResourceNotFound):
        assembly.configuration_export(run).export({"Run": run, "Next": 0}, OVER)


# -- what Cognito refuses -----------------------------------------------------------------------


REFUSED = ["DescribeRiskConfiguration", "DescribeManagedLoginBrandingByClient", "GetLogDeliveryConfiguration"]


@pytest.fixture
def said() -> Iterator[io.StringIO]:
    """What is logged."""
    stream = io.StringIO()
    listener = logging.StreamHandler(stream)
    listener.setFormatter(logger.registered_formatter)
    logger.addHandler(listener)
    yield stream
    logger._logger.removeHandler(listener)


def test_what_is_refused_leaves_the_earlier_version(
    stack: Stack, captured: ConfiguredPool, said: io.StringIO
) -> None:
    before = items(stack.table)
    export = Export(SECOND)
    client = clients.cognito()
    risk, branding, logs = (failing(client, operation, refusal(operation)) for operation in REFUSED)
    with risk, branding, logs:
        export.run()
    assert items(stack.table) == before
    assert counted(export.configuration()) == (12, 0, 0, 0)
    # And the ledger, the notification and the log say what was not read
    noted = {"parts": 9, "added": 0, "changed": 0, "retired": 0, "unread": ["BRANDING", "LOGS", "RISK"]}
    assert export.ledger()["configuration"] == noted
    backend = sns_backends[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    (_, told, *_) = backend.topics[stack.topic_arn].sent_notifications[-1]
    assert "configuration: 9 parts, 0 added, 0 changed, 0 retired" in told
    assert "BRANDING, LOGS, RISK" in told
    assert said.getvalue().count("configuration not shown") == 3
    assert "UserPoolAddOnNotEnabledException" in said.getvalue()
    assert captured.web not in said.getvalue()


def test_where_clients_may_not_be_listed_those_in_the_backup_are_read(
    stack: Stack, captured: ConfiguredPool
) -> None:
    captured.rename(captured.web, "website")
    denied = refusal("ListUserPoolClients", "AccessDeniedException")
    with failing(clients.cognito(), "ListUserPoolClients", denied):
        task = capture(SECOND)
    assert (counted(task), task["Unread"]) == ((12, 0, 1, 0), ["CLIENT"])


def test_throttling_is_not_a_refusal(stack: Stack, captured: ConfiguredPool) -> None:
    throttled = refusal("DescribeRiskConfiguration", "TooManyRequestsException")
    with failing(clients.cognito(), "DescribeRiskConfiguration", throttled), pytest.raises(CognitoThrottled):
        capture(SECOND)


def test_an_export_that_says_nothing_of_the_configuration_completes(stack: Stack) -> None:
    export = Export(FIRST)
    plan = export.plan_cleanup()
    export.configured = None
    export.complete(plan, [])
    assert (export.ledger()["status"], export.ledger()["configuration"]) == ("COMPLETED", {})


# -- short of time, killed, repeated ------------------------------------------------------------


def change_everything(source: ConfiguredPool) -> None:
    """One part added, one changed, three gone."""
    source.rename(source.service, "machine")
    source.delete_web()
    source.pool.client.create_user_pool_client(UserPoolId=source.pool.pool_id, ClientName="app")


def test_when_time_is_short_each_call_reads_one_part_and_the_end_is_the_same(
    stack: Stack, captured: ConfiguredPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_everything(captured)
    read: list[str] = []
    part = ConfigurationReader.part

    def noted(self: ConfigurationReader, name: str) -> Any:
        read.append(name)
        return part(self, name)

    monkeypatch.setattr(ConfigurationReader, "part", noted)
    task = capture(SECOND, deadline=OVER)
    assert counted(task) == (10, 1, 1, 3)
    assert task["Next"] == len(read)
    assert len(stack.table.configurations()) == 10


def test_an_attempt_after_a_kill_at_any_write_ends_the_same(
    captured: ConfiguredPool,
    stack: Stack,
    monkeypatch: pytest.MonkeyPatch,
    make_table: Callable[[], BackupTable],
) -> None:
    before = items(stack.table)
    change_everything(captured)
    run = Export(SECOND).begin()["Run"]

    def invoke(table: BackupTable, task: ConfigurationTask) -> ConfigurationTask:
        monkeypatch.setattr(assembly, "_table", lambda: table)
        return assembly.configuration_export(run).export(task, PLENTY)

    def captured_into(writes: int | None) -> tuple[tuple[int, ...], list[Item]]:
        """Each invocation is killed after so many writes, and attempted again."""
        table = make_table()
        table.put_all(before)
        task: ConfigurationTask = {"Run": run, "Next": 0}
        while not task.get("Finished"):
            if writes is not None:
                with suppress(Killed):
                    invoke(DyingTable(table, writes), task)
            task = invoke(table, task)
        return counted(task), content(table)

    undisturbed = captured_into(None)
    assert undisturbed[0] == (10, 1, 1, 3)
    for writes in range(7):
        assert captured_into(writes) == undisturbed, f"killed after {writes} writes"


def test_a_finished_capture_may_be_repeated(stack: Stack, captured: ConfiguredPool) -> None:
    captured.rename(captured.web, "website")
    export = Export(SECOND)
    export.begin()
    assert counted(export.configuration()) == (12, 0, 1, 0)
    before = content(stack.table)
    assert counted(export.configuration()) == (12, 0, 1, 0), "what the first attempt changed counts too"
    assert content(stack.table) == before


# -- large parts --------------------------------------------------------------------------------


def branding_of(size: int) -> dict[str, Any]:
    image = bytes(number % 256 for number in range(size))
    return {**BRANDING, "Assets": [{**BRANDING["Assets"][0], "Bytes": image}]}


def test_a_branding_may_be_larger_than_an_item(stack: Stack, captured: ConfiguredPool) -> None:
    name = f"BRANDING#{captured.web}"
    large, small = branding_of(700_000), branding_of(70_000)
    set_part(stack.source, "BRANDING", large, captured.web)
    # When it grows
    assert counted(capture(SECOND)) == (12, 0, 1, 0)
    assert with_bytes(stack.table.configurations()[name].document) == large
    configuration = stack.table.configuration(name)
    assert configuration is not None
    assert with_bytes(configuration.document) == large
    pieces = len(items(stack.table)) - 11
    assert pieces > 10
    # Then shrinks
    set_part(stack.source, "BRANDING", small, captured.web)
    assert counted(capture(THIRD)) == (12, 0, 1, 0)
    assert with_bytes(stack.table.configurations()[name].document) == small
    assert len(items(stack.table)) == 13
    # Then goes, and every version is in history
    set_part(stack.source, "BRANDING", None, captured.web)
    assert counted(capture("2026-03-04T12:00:00.000Z")) == (11, 0, 0, 1)
    assert len(items(stack.table)) == 11
    kept = items(stack.table, "HISTORY#POOL")
    assert len(kept) == 1 + pieces + 2
    assert {(item["valid_from"], item["valid_to"]) for item in kept} == {
        (FIRST, SECOND),
        (SECOND, THIRD),
        (THIRD, "2026-03-04T12:00:00.000Z"),
    }
