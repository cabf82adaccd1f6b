"""What docs/admin-api.md shows is what the API takes and gives, and its commands exist."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

from botocore import xform_name
from botocore.loaders import Loader

from lifeboat.model import Membership
from lifeboat.store.items import Change, draft_membership, draft_user
from lifeboat.sync.admin.changes import PENDING, PROMISE_SECONDS, WRITTEN
from lifeboat.sync.admin.history import MOST_VERSIONS, _membership, _version
from lifeboat.sync.admin.request import EXPECTED, change_of, user_of
from tests.template.reading import resources_of_type
from tests.unit.examples import AT, USER
from tests.unit.test_events import event_of

PAGE = (Path(__file__).parents[2] / "docs/admin-api.md").read_text("utf-8")
HTTP = {"-X", "-H", "-d"}


def commands() -> list[list[str]]:
    """The commands in the page's shell blocks, as words."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    return [words for line in lines if (words := shlex.split(line))]


def calls() -> list[dict[str, str]]:
    """The HTTP requests shown: their method, address and body."""
    found = []
    for words in commands():
        if words[0] == "curl":
            options = {words[n]: words[n + 1] for n in range(1, len(words) - 1) if words[n] in HTTP}
            [address] = [word for word in words if word.startswith("$ADMIN_API_URL")]
            found.append(
                {"method": options.get("-X", "GET"), "address": address, "body": options.get("-d", "")}
            )
    return found


def test_the_requests_shown_are_understood() -> None:
    put, history = calls()
    assert put["method"] == "PUT"
    sample = event_of("put_user")
    shown: Any = {**sample, "body": put["body"]}
    wanted = change_of(shown)
    assert wanted.asked == EXPECTED.keys()
    assert put["address"] == f"$ADMIN_API_URL/users/{user_of(sample)}"
    assert history["address"].startswith(f"$ADMIN_API_URL/users/{user_of(sample)}/history?before=")


def test_the_routes_are_the_templates() -> None:
    routes = {
        f"{event['Properties']['Method'].upper()} {event['Properties']['Path']}"
        for function in resources_of_type("AWS::Serverless::Function").values()
        for event in function["Properties"].get("Events", {}).values()
        if event["Type"] == "Api"
    }
    assert set(re.findall(r"^\| `([A-Z]+ /[^`]+)` \|", PAGE, re.MULTILINE)) == routes


def test_the_history_shown_has_the_fields_of_one() -> None:
    [block] = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    shown: dict[str, Any] = json.loads(block)
    version = _version(draft_user(USER).item(AT, Change.ADDED))
    membership = _membership(draft_membership(Membership(USER.sub, "readers")).item(AT, Change.ADDED))
    assert shown["versions"][0].keys() == version.keys()
    assert shown["memberships"][0].keys() == membership.keys()


def test_words_and_numbers_are_the_codes() -> None:
    assert set(re.findall(r'"backup": "(\w+)"', PAGE)) == {WRITTEN, PENDING}
    assert f"seen {PROMISE_SECONDS} seconds later" in PAGE
    assert f"At most {MOST_VERSIONS} come at a time" in PAGE


def test_the_commands_are_the_aws_command_lines() -> None:
    for words in commands():
        if words[0] == "aws":
            model = Loader().load_service_model(words[1], "service-2")
            operations = {xform_name(name, "-"): shape for name, shape in model["operations"].items()}
            members = model["shapes"][operations[words[2]]["input"]["shape"]]["members"]
            taken = {f"--{xform_name(name, '-')}" for name in members} | {"--region"}
            assert {word for word in words[3:] if word.startswith("--")} <= taken
