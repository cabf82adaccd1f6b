"""Patches of ministack's Cognito for the front's triggers and events: what no API of AWS can do from outside.

SETTLE gives a user who came by a UserMigration trigger the status and password that the trigger's answer
asks for; the password policy is not asked (cognito/latest/developerguide/user-pool-lambda-migrate-user.html,
finalUserStatus). EVENTS puts events with an aws.* source on the default bus, which PutEvents refuses. And a
queue gets them only if its policy says so.
"""

import json
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import get_account_id, json_response
from ministack.services import cognito, eventbridge, sqs

from local.patching import Patches
from local.private_actions import EVENTS, SETTLE

logger = logging.getLogger(__name__)

EVENTS_KEPT = 1_000

Response = tuple[int, dict[str, str], bytes]

patches = Patches()


@patches.replace(cognito, "_dispatch_idp", "eff61c61ce4d")
async def dispatch(
    original: Callable[..., Awaitable[Response]], action: str, data: dict[str, Any]
) -> Response:
    """Add the actions SETTLE and EVENTS, of which only the Cognito front knows."""
    if action == SETTLE:
        return settle(data)
    if action == EVENTS:
        return put_events(data)
    return await original(action, data)


@patches.replace(eventbridge, "_invoke_target", "550e304af080")
def invoke_target(
    original: Callable[..., None], target: dict[str, Any], event: Any, rule: dict[str, Any], view: Any = None
) -> None:
    """Deliver to a queue only where its policy lets EventBridge in for this rule.

    (eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions)
    """
    arn = str(target.get("Arn", ""))
    if arn.split(":")[2:3] == ["sqs"]:
        rule_arn = eventbridge._rule_arn(rule["Name"], rule.get("EventBusName", "default"))
        if not sqs.queue_policy_allows(arn, "events.amazonaws.com", rule_arn, get_account_id()):
            logger.warning("The policy of %s does not let in the rule %s", arn, rule_arn)
            return
    original(target, event, rule, view)


def settle(data: dict[str, Any]) -> Response:
    """Set a user's status, and a password if there is one: {UserPoolId, Username, UserStatus, Password}."""
    pool, problem = cognito._resolve_pool(data["UserPoolId"])
    user: dict[str, Any] = {}
    if not problem:
        user, problem = cognito._resolve_user(pool, data["Username"])
    if problem:
        refusal: Response = problem
        return refusal
    user["UserStatus"] = data["UserStatus"]
    if data.get("Password"):
        user["_password"] = data["Password"]
    return _success({})


def put_events(data: dict[str, Any]) -> Response:
    """Put events on the default bus of a Region: {Events: [{DetailType, Detail, Subject}, …]}.

    A subject, {UserPoolId, Username}, is the user whom an event is about where the front does not know the
    sub: it is added to the detail's additionalEventData. Where no rule listens nothing is put, so that a
    large import does not fill the memory with events.
    """
    eventbridge._ensure_default_bus()
    if not any(rule.get("EventPattern") for rule in eventbridge._rules.values()):
        return _success({"Put": 0})
    for event in data["Events"]:
        detail, subject = event["Detail"], event.get("Subject")
        sub = _sub_of(subject) if subject else None
        if sub is not None:
            detail["additionalEventData"] = {**(detail.get("additionalEventData") or {}), "sub": sub}
        entry = {
            "Source": "aws.cognito-idp",
            "DetailType": event["DetailType"],
            "Detail": json.dumps(detail),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    del eventbridge._events_log_list()[:-EVENTS_KEPT]
    return _success({"Put": len(data["Events"])})


def _sub_of(subject: dict[str, str]) -> str | None:
    """Return a user's sub, None if there is no such user (any more)."""
    pool = cognito._user_pools.get(subject["UserPoolId"])
    user = cognito._resolve_user(pool, subject["Username"])[0] if pool else None
    attributes: dict[str, str] = cognito._attr_list_to_dict(user["Attributes"]) if user else {}
    return attributes.get("sub")


def _success(answer: dict[str, Any]) -> Response:
    done: Response = json_response(answer)
    return done
