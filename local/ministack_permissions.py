"""Patches of ministack's permissions: each function's role is enforced (AUTH=true) as on AWS."""

from collections.abc import Callable
from typing import Any

from ministack import app as gateway
from ministack.core import iam_actions, iam_evaluator
from ministack.services import tagging

from local.patching import Patches
from local.request_keys import LEADING_KEYS, KeyedArn, request_keys, transaction_keys

BATCHES = frozenset({"sqs:SendMessageBatch", "sqs:DeleteMessageBatch", "sqs:ChangeMessageVisibilityBatch"})

patches = Patches()


@patches.replace(iam_actions, "extract_iam_action", "ec476b92d969")
def extract_iam_action(original: Callable[..., str | None], *arguments: Any, **more: Any) -> str | None:
    """A batch call of SQS needs the permission of the single call.

    (AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html)
    """
    action = original(*arguments, **more)
    return action.removesuffix("Batch") if action in BATCHES else action


@patches.replace(gateway, "pin_request_origin", "de819c1bd9ac")
def pin_request_origin(original: Callable[[str, bool], None], source_ip: str, secure_transport: bool) -> None:
    """Count a call over the loopback interface as one over TLS, or TLS-only policies would refuse it."""
    original(source_ip, True)


@patches.replace(tagging, "resource_tags", "5d98719f044c")
def resource_tags(original: Callable[[str], dict[str, str] | None], arn: str) -> dict[str, str] | None:
    """Let conditions on aws:ResourceTag see the tags of user pools too.

    (service-authorization/latest/reference/list_amazoncognitouserpools.html)
    """
    if ":cognito-idp:" not in arn:
        return original(arn)
    for candidate, tags in tagging._collect_cognito():
        if candidate == arn:
            return {tag["Key"]: tag["Value"] for tag in tags}
    return None


@patches.replace(iam_actions, "request_tag_context", "d46adb816e02")
def request_tag_context(
    original: Callable[..., dict[str, Any]],
    service: str,
    action: str,
    body: bytes,
    parameters: dict[str, Any],
) -> dict[str, Any]:
    """Let conditions see which partitions of a table a request names, and whom a permission is for."""
    return {**original(service, action, body, parameters), **request_keys(service, action, body)}


@patches.replace(iam_actions, "dynamodb_transaction_checks", "684e748338e8")
def dynamodb_transaction_checks(
    original: Callable[..., list[tuple[str, str]]], action: str, body: bytes, region: str, account: str
) -> list[tuple[str, str]]:
    """Each part of a transaction is allowed or not by the partition that it names itself."""
    found = original(action, body, region, account)
    if not found:
        return found
    keyed: list[tuple[str, str]] = []
    for (part, arn), keys in zip(found, transaction_keys(body), strict=True):
        keyed_arn = KeyedArn(arn)
        keyed_arn.leading_keys = keys
        keyed.append((part, keyed_arn))
    return keyed


@patches.replace(iam_evaluator, "enforce", "cf64b1ee5b09")
def enforce(original: Callable[..., Any], *arguments: Any, **more: Any) -> Any:
    """See `dynamodb_transaction_checks`."""
    arn = more.get("resource_arn")
    if isinstance(arn, KeyedArn):
        more["service_context"] = {**(more.get("service_context") or {}), LEADING_KEYS: arn.leading_keys}
    return original(*arguments, **more)
