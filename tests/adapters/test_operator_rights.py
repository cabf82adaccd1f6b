"""What docs/security.md lets an operator do suffices for the commands that look."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.client import BaseClient

from tests.adapters.cockpit import Lifeboat, ago
from tests.adapters.people import into
from tests.adapters.pools import Pool
from tests.adapters.stack import Export, Import, Stack

PAGE = (Path(__file__).parents[2] / "docs/security.md").read_text()

RIGHT_OF = {
    "states:DescribeExecution": "states:DescribeExecution",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
"""The right for an operation where the two have different names."""

SERVICES = {"stepfunctions": "states"}
"""The names of services in IAM where boto3 has others."""


def allowed(command: str) -> set[str]:
    """The actions of the statements that the page's table names for a command."""
    policies = [json.loads(text) for text in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
    row = re.search(rf"^\|[^|]*`{command}`[^|]*\|([^|]*)\|$", PAGE, re.MULTILINE)
    assert row
    statements = {each["Sid"]: each["Action"] for policy in policies for each in policy["Statement"]}
    named = [statements[sid] for sid in re.findall(r"\b[A-Z]\w+", row[1].partition("—")[0])]
    return {action for actions in named for action in ([actions] if isinstance(actions, str) else actions)}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Callable[[], set[str]]:
    """Gives the actions of all operations called since it was asked last."""
    called: set[str] = set()
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def noted(self: BaseClient, operation: str, arguments: dict[str, Any]) -> Any:
        service = self.meta.service_model.service_name
        action = f"{SERVICES.get(service, service)}:{operation}"
        called.add(RIGHT_OF.get(action, action))
        return call(self, operation, arguments)

    monkeypatch.setattr(BaseClient, "_make_api_call", noted)

    def since() -> set[str]:
        found = set(called)
        called.clear()
        return found

    return since


def test_the_commands_that_look_get_by_with_the_rights_that_the_page_names(
    backup: Stack, fresh: Pool, lifeboat: Lifeboat, asked: Callable[[], set[str]]
) -> None:
    # Given an import that left somebody out, and a dead letter
    Export(ago(3)).run()
    run = Import(backup, into(fresh, UserLane="api"), ago(2))
    run.enqueue()
    fresh.add("ann", {"email": "else@example.com"})
    run.deliver()
    run.end()
    asked()
    for words in (
        ("preflight", "--pool", fresh.pool_id),
        ("preflight", "--create-pool", "people"),
        ("preflight", "--resume", run.of["ImportId"]),
        ("verify",),
        ("verify", "--pool", fresh.pool_id),
        ("failed", "--usernames"),
        ("failed", "--redrive"),
        ("history", "ann"),
        ("history", "nobody"),
        ("diff", "--from", ago(1)),
    ):
        lifeboat.json(*words)
        needed = asked()
        assert needed, words
        assert needed <= allowed(words[0]), words
