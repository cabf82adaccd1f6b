"""Patches of ministack's permissions: each function's role is enforced (AUTH=true) as on AWS."""

from collections.abc import Callable
from typing import Any

from ministack import app as gateway
from ministack.core import iam_actions
from ministack.services import tagging

from local.patching import Patches

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
