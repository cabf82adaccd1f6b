"""What a function's role must allow before Lambda makes an event source of a DynamoDB stream.

lambda/latest/dg/services-dynamodb-eventsourcemapping.html#events-dynamodb-permissions: without these rights
the event source is refused, and so is the stack. Not asked for: dynamodb:ListStreams, whose resource AWS's
pages describe in more than one way.
"""

from collections.abc import Iterator
from typing import Any

from ministack import app as gateway
from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

READING = ("dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator")
SENDING = {"sqs": "sqs:SendMessage", "sns": "sns:Publish"}


def check_rights(properties: dict[str, Any]) -> None:
    """Raise ValueError, which CloudFormation reports, for a right the role lacks; with AUTH=true only."""
    function = lambda_svc._get_func_record_for_ref(str(properties.get("FunctionName", "")))[1]
    if not gateway.AUTH or function is None:
        return
    role = str(function["Role"])
    policies = iam_evaluator._gather_role_policies(role.rpartition("/")[2], get_account_id())
    for action, resource in _needed(properties):
        context = iam_evaluator.EvalContext(
            role, "AssumedRole", get_account_id(), action, resource, get_region()
        )
        if iam_evaluator.evaluate(context, policies).decision != "Allow":
            text = f"The role of the function does not allow {action} on {resource}."
            raise ValueError(f"AWS::Lambda::EventSourceMapping: {text}")


def _needed(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Go through the rights, each with its resource, that an event source needs."""
    source = str(properties.get("EventSourceArn", ""))
    if ":dynamodb:" not in source or "/stream/" not in source:
        return
    for action in READING:
        yield action, source
    failed = ((properties.get("DestinationConfig") or {}).get("OnFailure") or {}).get("Destination")
    if failed and failed.split(":")[2] in SENDING:
        yield SENDING[failed.split(":")[2]], failed
