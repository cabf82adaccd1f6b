"""Every role allows what its function's code can reach, and nothing more."""

from __future__ import annotations

import re

from tests.template.policies import granted, role_statements
from tests.template.reach import Reach, reach
from tests.template.reading import resources_of_type, stack

PREFIXES = {
    "mypy_boto3_cognito_idp": "cognito-idp",
    "mypy_boto3_dynamodb": "dynamodb",
    "mypy_boto3_s3": "s3",
    "mypy_boto3_sns": "sns",
    "mypy_boto3_sqs": "sqs",
    "mypy_boto3_stepfunctions": "states",
}
ACTIONS = {
    "batch_writer": "BatchWriteItem",
    "list_objects_v2": "ListBucket",
    "send_message_batch": "SendMessage",
}
"""Where the action has another name than the operation."""

NO_CALLS = {"Table", "exceptions", "get_paginator", "meta"}

NEVER_TAKEN = {
    "begin_import": {"dynamodb:BatchWriteItem"},
    "fail_export": {"dynamodb:BatchWriteItem"},
    "fail_import": {"dynamodb:BatchWriteItem"},
}
"""What the code reaches only in theory: closing the ledger writes LATEST for a completed export alone."""

POLLING = {"sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"}
"""What Lambda does with the role of a queue's consumer before and after the code."""

BESIDES = {"create_groups": {"iam:PassRole"}}
"""What AWS may ask for besides the call: a group can carry a role."""

MEMBERS_OF_GROUP = "lifeboat.store.table.BackupTable.stored_members"
"""The one reader of the index ByGroup."""


def actions(found: Reach) -> set[str]:
    """The IAM actions behind the boto3 calls."""
    return {
        f"{PREFIXES[stubs.split('.')[0]]}:{ACTIONS.get(name, name.title().replace('_', ''))}"
        for stubs, name in found.operations
        if re.search(r"(Client|ServiceResource|\.Table)$", stubs) and name not in NO_CALLS
    }


def test_roles_allow_exactly_what_the_code_can_reach() -> None:
    reached = reach()
    rights = role_statements(stack("primary"))
    wrong: dict[str, dict[str, set[str]]] = {}
    for name, function in resources_of_type("AWS::Serverless::Function").items():
        folder = function["Properties"]["CodeUri"].split("/")[1]
        allowed = {
            action
            for action in granted(rights[f"{name.removesuffix('Function')}Role"])
            if not action.startswith(("logs:", "xray:"))
        }
        needed = actions(reached[folder]) - NEVER_TAKEN.get(folder, set())
        needed |= BESIDES.get(folder, set())
        if "Events" in function["Properties"]:
            needed |= POLLING
        if allowed != needed:
            wrong[folder] = {"missing": needed - allowed, "superfluous": allowed - needed}
    assert not wrong


def test_exactly_the_readers_of_the_index_may_query_it() -> None:
    reading = {folder for folder, found in reach().items() if MEMBERS_OF_GROUP in found.functions}
    assert reading
    allowed = {
        re.sub(r"(?<!^)(?=[A-Z])", "_", role.removesuffix("Role")).lower()
        for role, found in role_statements(stack("primary")).items()
        if any(where.endswith("/index/ByGroup") for where in granted(found).get("dynamodb:Query", ()))
    }
    assert allowed == reading
