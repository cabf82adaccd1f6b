"""Every role allows what its function's code can reach, and nothing more."""

from __future__ import annotations

import re

import pytest

from lifeboat.store.keys import POOL, history_partition, import_key, samples_key
from tests.template.policies import admits, granted, role_statements
from tests.template.reach import Reach, reach
from tests.template.reading import EVERYTHING, resources_of_type, stack

PREFIXES = {
    "mypy_boto3_cognito_idp": "cognito-idp",
    "mypy_boto3_dynamodb": "dynamodb",
    "mypy_boto3_lambda": "lambda",
    "mypy_boto3_logs": "logs",
    "mypy_boto3_s3": "s3",
    "mypy_boto3_sns": "sns",
    "mypy_boto3_sqs": "sqs",
    "mypy_boto3_stepfunctions": "states",
}
ACTIONS = {
    "admin_set_user_mfa_preference": "AdminSetUserMFAPreference",
    "change_message_visibility_batch": "ChangeMessageVisibility",
    "delete_message_batch": "DeleteMessage",
    "get_csv_header": "GetCSVHeader",
    "batch_writer": "BatchWriteItem",
    "get_ui_customization": "GetUICustomization",
    "set_ui_customization": "SetUICustomization",
    "list_objects_v2": "ListBucket",
    "send_message_batch": "SendMessage",
}
"""Where the action has another name than the operation."""

TRANSACTION = {"dynamodb:ConditionCheckItem", "dynamodb:DeleteItem", "dynamodb:PutItem"}
"""What a transaction of ours is made of: there is no right to transactions as such
(https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/transaction-apis-iam.html)."""

NO_CALLS = {"Table", "exceptions", "get_paginator", "meta"}

OTHER_PARTS = {
    "cognito-idp:DescribeIdentityProvider",
    "cognito-idp:DescribeManagedLoginBrandingByClient",
    "cognito-idp:DescribeResourceServer",
    "cognito-idp:DescribeRiskConfiguration",
    "cognito-idp:DescribeUserPoolClient",
    "cognito-idp:DescribeUserPoolDomain",
    "cognito-idp:GetLogDeliveryConfiguration",
    "cognito-idp:GetUICustomization",
}
"""What reads the parts of a pool's configuration, some of them with secrets."""

NEVER_TAKEN = {
    "begin_export": {"dynamodb:BatchWriteItem"},
    "begin_import": {"dynamodb:BatchWriteItem"} | OTHER_PARTS,
    "capture_configuration": TRANSACTION,
    "delete_scratch_pool": {"dynamodb:BatchWriteItem"},
    "export_groups": {"dynamodb:DeleteItem"},
    "export_memberships": {"dynamodb:DeleteItem"},
    "export_users": {"dynamodb:DeleteItem"},
    "fail_drill": {"dynamodb:BatchWriteItem"},
    "fail_export": {"dynamodb:BatchWriteItem"},
    "fail_import": {"dynamodb:BatchWriteItem"},
}
"""What the code reaches only in theory: closing the ledger writes LATEST for a completed export alone, and
the preflight reads of the new pool's parts the second factors alone; the pool's configuration is not captured
by events, and only Retire Items retires what is."""

OWN_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
"""What the Lambda service does with a role to write the function's log."""

POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""What Lambda does with the role of a queue's consumer before and after the code."""

STREAM = {
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
}
"""What Lambda does with the role of a function that reads a stream."""

BESIDES = {
    "apply_changes": {"iam:PassRole"} | STREAM,
    "check_standby": {"iam:PassRole"},
    "release_deletions": {"iam:PassRole"},
    "create_groups": {"iam:PassRole"},
    "create_user_pool": {
        "cognito-idp:TagResource",
        "iam:CreateServiceLinkedRole",
        "iam:PassRole",
        "kms:CreateGrant",
        "s3:ListBucket",
    },
    "run_import_job": {"iam:PassRole"},
    "attach_triggers": {"iam:PassRole", "kms:CreateGrant"},
    "detach_triggers": {"iam:PassRole", "kms:CreateGrant"},
}
"""What AWS may ask for besides the call: a group can carry a role, and an import job writes its log with one;
a pool has tags, and can send messages by a role, by Amazon SES, or encrypted. Without ListBucket an object
that is not there yet is refused, not missing."""

PASSWORD_CHECK = {"PrimaryUserPoolId": "us-east-1_AbCdEf123", "PrimaryAppClientId": "1example23456789"}

INDEX_READERS = {
    "ByGroup": "lifeboat.store.table.BackupTable.stored_members",
    "ByIdentity": "lifeboat.store.table.BackupTable.users_by_identity",
    "ByUsername": "lifeboat.store.table.BackupTable.users_by_username",
    "ByEmail": "lifeboat.store.table.BackupTable.users_by_email",
    "ByPhoneNumber": "lifeboat.store.table.BackupTable.users_by_phone_number",
}
"""The one reader of each index."""


def actions(found: Reach) -> set[str]:
    """The IAM actions behind the boto3 calls."""
    found_actions = {
        f"{PREFIXES[stubs.split('.')[0]]}:{ACTIONS.get(name, name.title().replace('_', ''))}"
        for stubs, name in found.operations
        if re.search(r"(Client|ServiceResource|\.Table)$", stubs) and name not in NO_CALLS
    }
    transactions = found_actions & {"dynamodb:TransactWriteItems"}
    return found_actions - transactions | (TRANSACTION if transactions else set())


def test_roles_allow_exactly_what_the_code_can_reach() -> None:
    reached = reach()
    rights = role_statements(stack("primary", CaptureMfaPreferences="true", **EVERYTHING["primary"]))
    rights |= role_statements(stack("backup", **EVERYTHING["backup"], **PASSWORD_CHECK))
    wrong: dict[str, dict[str, set[str]]] = {}
    for name, function in resources_of_type("AWS::Serverless::Function").items():
        folder = function["Properties"]["CodeUri"].split("/")[1]
        allowed = {
            action
            for action in granted(rights[f"{name.removesuffix('Function')}Role"])
            if action not in OWN_LOG and not action.startswith("xray:")
        }
        needed = actions(reached[folder]) - NEVER_TAKEN.get(folder, set())
        needed |= BESIDES.get(folder, set())
        events = function["Properties"].get("Events", {}).values()
        if any(event["Type"] == "SQS" for event in events):
            needed |= POLLING
        if allowed != needed:
            wrong[folder] = {"missing": needed - allowed, "superfluous": allowed - needed}
    assert not wrong


@pytest.mark.parametrize("index", INDEX_READERS)
def test_exactly_the_readers_of_an_index_may_query_it(index: str) -> None:
    reading = {folder for folder, found in reach().items() if INDEX_READERS[index] in found.functions}
    assert reading
    allowed = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", role.removesuffix("Role")).lower()
        for role, found in role_statements(stack("primary")).items()
        if any(where.endswith(f"/index/{index}") for where in granted(found).get("dynamodb:Query", ()))
    }
    assert allowed == reading


CONFIGURATION = {
    "lifeboat.store.backup.Backup.configurations",
    "lifeboat.store.table.BackupTable.configuration",
    "lifeboat.store.table.BackupTable.stored_configurations",
}
"""What reads the configuration of the lost pool, with secrets where these are captured."""


def test_exactly_the_readers_of_the_configuration_may_reach_it() -> None:
    reading = {folder for folder, found in reach().items() if CONFIGURATION & found.functions}
    rights = role_statements(stack("primary", **EVERYTHING["primary"]))
    rights |= role_statements(stack("backup", **EVERYTHING["backup"], **PASSWORD_CHECK))
    for partition in (POOL, history_partition(POOL)):
        allowed: dict[str, set[str]] = {}
        for role, found in rights.items():
            folder = re.sub(r"(?<!^)(?=[A-Z])", "_", role.removesuffix("Role")).lower()
            for each in found:
                of_table = any(where.endswith(":table/backup-table") for where in each.resources)
                if of_table and admits(each, partition):
                    allowed.setdefault(folder, set()).update(each.actions)
        # Who is called by anybody's sign-in can ask for one part by its name, and list none.
        for folder in ("migrate_user", "restore_federated_groups"):
            assert allowed.pop(folder, set()) == ({"dynamodb:GetItem"} if partition == POOL else set())
        assert allowed.keys() == reading - {"migrate_user", "restore_federated_groups"}


SAMPLES = "lifeboat.store.ledger.Ledger.keep_samples"


def test_who_keeps_samples_of_an_import_may_write_beside_its_entry() -> None:
    keeping = {folder for folder, found in reach().items() if SAMPLES in found.functions}
    assert {"create_groups", "list_restored", "verify_users"} <= keeping
    partition = samples_key(import_key("an import")).pk
    for role, found in role_statements(stack("backup", **EVERYTHING["backup"])).items():
        if re.sub(r"(?<!^)(?=[A-Z])", "_", role.removesuffix("Role")).lower() in keeping:
            for action in ("dynamodb:GetItem", "dynamodb:UpdateItem"):
                assert any(admits(each, partition) for each in found if action in each.actions), role


def test_users_are_read_one_by_one_only_where_that_is_asked_for() -> None:
    """AdminGetUser makes a billed active user."""
    plain, asked = (
        granted(role_statements(stack("primary", CaptureMfaPreferences=value))["ExportUsersRole"])
        for value in ("false", "true")
    )
    assert set(asked) - set(plain) == {"cognito-idp:AdminGetUser"}
