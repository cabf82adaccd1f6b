"""What the stacks hold is encrypted, reached over TLS, kept, and let go when its time is up."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from lifeboat.sign_in import SIGN_IN_KEYS
from tests.template.policies import refuses_plain_http, statements
from tests.template.reading import KEY_ARN, REGIONS, ROOT, source, stack

ROLES = ("primary", "backup")
KEY = KEY_ARN.format(region=REGIONS["primary"])


def attached(policies: dict[str, Any], listed_in: str, resource: str) -> dict[str, Any]:
    """The document of the one policy attached to this resource."""
    [found] = [
        each["PolicyDocument"]
        for each in policies.values()
        if f"<{resource}>" in (each[listed_in] if isinstance(each[listed_in], list) else [each[listed_in]])
    ]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize("role", ROLES)
def test_queues_are_encrypted(role: str) -> None:
    for queue in stack(role).of_type("AWS::SQS::Queue").values():
        assert queue["SqsManagedSseEnabled"] is True
        assert "KmsMasterKeyId" not in queue
    for queue in stack(role, KmsKeyArn=KEY).of_type("AWS::SQS::Queue").values():
        assert queue["KmsMasterKeyId"] == KEY
        assert "SqsManagedSseEnabled" not in queue


@pytest.mark.parametrize("role", ROLES)
def test_queues_are_reached_over_tls_only(role: str) -> None:
    policies = stack(role).of_type("AWS::SQS::QueuePolicy")
    for name in stack(role).of_type("AWS::SQS::Queue"):
        assert refuses_plain_http(attached(policies, "Queues", name), {f"<{name}.Arn>"})


@pytest.mark.parametrize("role", ROLES)
def test_buckets_are_encrypted_private_versioned_and_retained(role: str) -> None:
    for key, algorithm in ((None, "AES256"), (KEY, "aws:kms")):
        this = stack(role, KmsKeyArn=key) if key else stack(role)
        for name, bucket in this.of_type("AWS::S3::Bucket").items():
            [rule] = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
            assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] == algorithm
            assert rule["ServerSideEncryptionByDefault"].get("KMSMasterKeyID") == key
            assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
            assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
            assert "BucketName" not in bucket
            assert this.resources[name]["DeletionPolicy"] == "Retain"
            assert this.resources[name]["UpdateReplacePolicy"] == "Retain"


@pytest.mark.parametrize("role", ROLES)
def test_buckets_are_reached_over_tls_only(role: str) -> None:
    policies = stack(role).of_type("AWS::S3::BucketPolicy")
    for name in stack(role).of_type("AWS::S3::Bucket"):
        document = attached(policies, "Bucket", name)
        assert refuses_plain_http(document, {f"<{name}.Arn>", f"<{name}.Arn>/*"})


def test_reports_expire() -> None:
    [bucket] = stack("backup").of_type("AWS::S3::Bucket").values()
    rules = bucket["LifecycleConfiguration"]["Rules"]
    assert {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "Prefix" in rule} == {
        "exports/": 30,
        "imports/": 400,
    }
    [everything] = [rule for rule in rules if "Prefix" not in rule]
    assert everything["NoncurrentVersionExpiration"] == {"NoncurrentDays": 30}


@pytest.mark.parametrize("role", ROLES)
def test_topic_takes_alarms_of_this_account_and_nothing_over_plain_http(role: str) -> None:
    this = stack(role, KmsKeyArn=KEY)
    [topic] = this.of_type("AWS::SNS::Topic").values()
    assert topic["KmsMasterKeyId"] == KEY
    [plain] = stack(role).of_type("AWS::SNS::Topic").values()
    assert "KmsMasterKeyId" not in plain  # alarms cannot publish under alias/aws/sns
    document = attached(this.of_type("AWS::SNS::TopicPolicy"), "Topics", "NotificationTopic")
    assert refuses_plain_http(document, {"<NotificationTopic>"})
    [alarms] = [each for each in document["Statement"] if each["Effect"] == "Allow"]
    assert alarms["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert alarms["Condition"]["StringEquals"] == {"aws:SourceAccount": "111122223333"}


@pytest.mark.parametrize("role", ROLES)
def test_an_address_is_subscribed_only_if_given(role: str) -> None:
    assert not stack(role).of_type("AWS::SNS::Subscription")
    [subscription] = stack(role, NotificationEmail="a@example.com").of_type("AWS::SNS::Subscription").values()
    assert subscription["Endpoint"] == "a@example.com"


@pytest.mark.parametrize("role", ROLES)
def test_log_groups_have_retention_and_the_key(role: str) -> None:
    groups = stack(role, LogRetentionDays="90", KmsKeyArn=KEY).of_type("AWS::Logs::LogGroup")
    assert groups
    for group in groups.values():
        assert group["RetentionInDays"] == "90"
        assert group["KmsKeyId"] == KEY
    for group in stack(role).of_type("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == "30"
        assert "KmsKeyId" not in group


def test_table_outlives_the_stack_and_can_be_recovered() -> None:
    this = stack("primary")
    assert this.resources["BackupTable"]["DeletionPolicy"] == "Retain"
    assert this.resources["BackupTable"]["UpdateReplacePolicy"] == "Retain"
    table = this.resources["BackupTable"]["Properties"]
    assert table["TableName"] == "backup-table"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["SSESpecification"] == {"SSEEnabled": True, "SSEType": "KMS"}
    assert table["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires_at", "Enabled": True}
    assert [replica["Region"] for replica in table["Replicas"]] == [REGIONS["primary"], REGIONS["backup"]]
    for replica in table["Replicas"]:
        assert replica["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
        assert replica["DeletionProtectionEnabled"] is True
        assert "SSESpecification" not in replica


def test_each_replica_has_the_key_of_its_own_region() -> None:
    [table] = stack("primary", KmsKeyArn=KEY).of_type("AWS::DynamoDB::GlobalTable").values()
    assert [replica["SSESpecification"] for replica in table["Replicas"]] == [
        {"KMSMasterKeyId": KEY_ARN.format(region=REGIONS["primary"])},
        {"KMSMasterKeyId": KEY_ARN.format(region=REGIONS["backup"])},
    ]


def test_table_has_the_index_of_a_groups_members() -> None:
    [table] = stack("primary").of_type("AWS::DynamoDB::GlobalTable").values()
    assert [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]] == [
        ("pk", "HASH"),
        ("sk", "RANGE"),
    ]
    index = indexes_of(table)["ByGroup"]
    assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [
        ("member_of", "HASH"),
        ("sub", "RANGE"),
    ]
    assert index["Projection"]["NonKeyAttributes"] == ["content_hash", "valid_from", "change"]


def test_table_has_the_index_of_federated_users() -> None:
    [table] = stack("primary").of_type("AWS::DynamoDB::GlobalTable").values()
    index = indexes_of(table)["ByIdentity"]
    assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [("identity", "HASH")]
    assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}


SIGN_IN = {"ByUsername": "username_key", "ByEmail": "email_key", "ByPhoneNumber": "phone_key"}


def test_table_has_the_indexes_of_sign_in_names() -> None:
    [table] = stack("primary").of_type("AWS::DynamoDB::GlobalTable").values()
    for name, attribute in SIGN_IN.items():
        index = indexes_of(table)[name]
        assert [(key["AttributeName"], key["KeyType"]) for key in index["KeySchema"]] == [(attribute, "HASH")]
        assert index["Projection"] == {"ProjectionType": "KEYS_ONLY"}
    assert set(SIGN_IN.values()) == set(SIGN_IN_KEYS)


def test_table_has_no_other_index() -> None:
    [table] = stack("primary").of_type("AWS::DynamoDB::GlobalTable").values()
    assert indexes_of(table).keys() == {"ByGroup", "ByIdentity", *SIGN_IN}


def indexes_of(table: dict[str, Any]) -> dict[str, Any]:
    return {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}


def test_the_backup_stack_owns_no_table() -> None:
    assert not stack("backup").of_type("AWS::DynamoDB::GlobalTable")


def test_nothing_else_of_the_template_holds_data() -> None:
    """A new kind of store must be added to the tests above."""
    kinds = {each["Type"] for each in source()["Resources"].values()}
    assert kinds <= {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::DynamoDB::GlobalTable",
        "AWS::Events::Rule",
        "AWS::IAM::Policy",
        "AWS::IAM::Role",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Permission",
        "AWS::Logs::LogGroup",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::Scheduler::Schedule",
        "AWS::Serverless::Api",
        "AWS::Serverless::Function",
        "AWS::Serverless::LayerVersion",
        "AWS::Serverless::StateMachine",
    }


def services_that_use_the_key() -> set[str]:
    """The services that use the key in their own name, by what stacks of both roles have under it."""
    found: set[str] = set()
    for role in ROLES:
        this = stack(role, KmsKeyArn=KEY)
        if any("KmsKeyId" in group for group in this.of_type("AWS::Logs::LogGroup").values()):
            found.add(f"logs.{REGIONS[role]}.amazonaws.com")
        machines = this.of_type("AWS::StepFunctions::StateMachine").values()
        if any("LoggingConfiguration" in each for each in machines):
            found.add("delivery.logs.amazonaws.com")
        # Whoever may write to a queue or a topic under the key encrypts what it writes.
        for kind in ("AWS::SQS::QueuePolicy", "AWS::SNS::TopicPolicy"):
            for policy in this.of_type(kind).values():
                for each in statements(policy["PolicyDocument"]):
                    if each.effect == "Allow":
                        found.add(each.principal["Service"])
    return found


def test_the_policy_for_a_key_of_ones_own_admits_every_service_that_uses_it() -> None:
    """What EventBridge or an alarm cannot encrypt is lost without a trace in queue or topic."""
    page = (ROOT / "docs/security.md").read_text("utf-8")
    [policy] = [
        document
        for block in re.findall(r"^```json\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
        if "kms:*" in json.dumps(document := json.loads(block))
    ]
    admitted: dict[str, set[str]] = {}
    for each in statements(policy):
        assert (each.effect, each.resources) == ("Allow", ("*",))
        services = each.principal.get("Service", [])
        for service in [services] if isinstance(services, str) else services:
            admitted[service] = {action.rstrip("*") for action in each.actions}
    assert admitted.keys() == services_that_use_the_key()
    for service, actions in admitted.items():
        assert "kms:Decrypt" in actions
        # Who writes needs a data key (AWS: "Configure KMS permissions for AWS services", Amazon SQS).
        assert "kms:GenerateDataKey" in actions or service == "delivery.logs.amazonaws.com"
    described = source()["Parameters"]["KmsKeyArn"]["Description"]
    for service in admitted:
        assert re.sub(r"^logs\.[\w-]+\.", "logs.REGION.", service) in described
