"""Conditions on aws:ResourceTag see a user pool's tags, as the roles that delete drills' pools need it."""

import pytest
from ministack.services import tagging

from local.ministack_permissions import resource_tags

POOL = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_Scratch12"
QUEUE = "arn:aws:sqs:eu-west-1:000000000000:people"


def original(arn: str) -> dict[str, str] | None:
    return {"asked": arn}


def test_a_pool_has_its_tags_and_everything_else_what_ministack_says(monkeypatch: pytest.MonkeyPatch) -> None:
    tags = [{"Key": "lifeboat:drill", "Value": "an id"}]
    monkeypatch.setattr(tagging, "_collect_cognito", lambda: [("arn:another", []), (POOL, tags)])
    assert resource_tags(original, POOL) == {"lifeboat:drill": "an id"}
    assert resource_tags(original, POOL.replace("Scratch", "Unknown")) is None
    assert resource_tags(original, QUEUE) == {"asked": QUEUE}
