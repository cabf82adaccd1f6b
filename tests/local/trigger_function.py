"""A Lambda function for the tests of triggers: it does what the call's ClientMetadata says."""

from __future__ import annotations

import io
import json
import zipfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

CODE = """
import json, time
def handler(event, context):
    request = event["request"]
    wish = request.get("clientMetadata") or request.get("validationData") or {}
    do = wish.get("do", "")
    if event["triggerSource"].startswith("PreSignUp"):
        event["response"]["autoConfirmUser"] = True
        return event
    if event["triggerSource"].startswith("TokenGeneration"):
        attributes = request["userAttributes"]
        seen = [event["userName"], attributes["cognito:user_status"], attributes.get("email")]
        claims = {"claimsToAddOrOverride": {"seen": json.dumps(seen)}}
        event["response"]["claimsOverrideDetails"] = {
            **claims, "groupOverrideDetails": {"groupsToOverride": ["from-backup"]}
        }
        return event
    if do == "show":
        raise RuntimeError(json.dumps(event))
    if do == "fail":
        raise RuntimeError("not today")
    if do == "sleep":
        time.sleep(1)
    if do == "garbage":
        return "nonsense"
    event["response"] = json.loads(wish.get("response", "{}"))
    return event
"""


def make_function(stack: FrontStack, name: str, region: str = "us-east-1", allowed: bool = True) -> str:
    """Make the function in a Region, which every pool may invoke if `allowed`; return its ARN."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", CODE)
    functions = stack.service("lambda", region)
    arn = functions.create_function(
        FunctionName=name,
        Role="arn:aws:iam::000000000000:role/trigger",
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": content.getvalue()},
        Timeout=5,
    )["FunctionArn"]
    if allowed:
        functions.add_permission(
            FunctionName=name,
            StatementId="pools",
            Action="lambda:InvokeFunction",
            Principal="cognito-idp.amazonaws.com",
            SourceArn=f"arn:aws:cognito-idp:{region}:000000000000:userpool/*",
        )
    return str(arn)


def shown(message: str) -> dict[str, Any]:
    """Return the event that a function which was told to show it put into its error."""
    return dict(json.loads(message[message.index("{") : message.rindex("}") + 1]))
