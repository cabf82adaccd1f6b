"""Post Confirmation as Lambda runs it, against an AWS that takes every request and never answers."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

from lifeboat.settings import environment_names
from lifeboat.sync.capture.confirmation import CAPTURE_SECONDS, SEND_SECONDS

ROOT = Path(__file__).parents[2]
POOL_ID = "us-east-1_AbCdEf123"

INVOCATION = """
import json, sys
from types import SimpleNamespace
from app import handler
names = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
context = SimpleNamespace(**dict.fromkeys(names, "0"))
answer = handler(json.loads(sys.argv[1]), context)
print("\\n" + json.dumps({"answer": answer}))
"""


def test_a_sign_up_goes_on_though_nothing_ever_answers() -> None:
    # Given an AWS that nothing comes back from, and limits that are within the two seconds together
    assert CAPTURE_SECONDS + SEND_SECONDS < 2
    event = {
        "triggerSource": "PostConfirmation_ConfirmSignUp",
        "userPoolId": POOL_ID,
        "userName": "ann",
        "request": {"userAttributes": {"sub": "ab000000-0000-4000-8000-000000000001"}},
        "response": {},
    }
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        environment = {
            **dict.fromkeys(environment_names(), "20"),
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT / "functions/post_confirmation"), str(ROOT / "layers/lifeboat")]
            ),
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "CAPTURE_RETRY_QUEUE_URL": f"{url}/111122223333/retries",
            "CAPTURE_MFA_PREFERENCES": "false",
            "LIVE_SYNC": "CAPTURE",
            "POWERTOOLS_METRICS_NAMESPACE": "CognitoLifeboat",
            "USER_POOL_ID": POOL_ID,
        }
        # When the function itself is called, with the limits that it has
        run = subprocess.run(
            [sys.executable, "-c", INVOCATION, json.dumps(event)],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
    # Then it hands the event back, and counts the user as lost
    assert json.loads(run.stdout.splitlines()[-1]) == {"answer": event}
    assert '"CaptureLost":[1' in run.stdout.replace(" ", "")
