"""Who may invoke a trigger: the conditions that a function's policy can have."""

from __future__ import annotations

import pytest

from local.function_policy import permits

POOL = "arn:aws:cognito-idp:eu-west-1:000000000000:userpool/eu-west-1_Abc"


@pytest.mark.parametrize(
    ("change", "allowed"),
    [
        ({}, True),
        ({"Principal": "*"}, True),
        ({"Principal": {"Service": ["sns.amazonaws.com", "cognito-idp.amazonaws.com"]}}, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, False),
        ({"Principal": {"AWS": "arn:aws:iam::000000000000:root"}}, False),
        ({"Action": ["lambda:*"]}, True),
        ({"Action": "lambda:GetFunction"}, False),
        ({"Effect": "Deny"}, False),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": POOL}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": POOL[:-3] + "*"}}}, True),
        ({"Condition": {"ArnLike": {"AWS:SourceArn": POOL + "d"}}}, False),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "000000000000"}}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "111122223333"}}}, False),
        ({"Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}, False),
        ({"Condition": {"DateLessThan": {"aws:SourceArn": POOL}}}, False),
    ],
)
def test_cognito_needs_an_allowing_statement(change: dict[str, object], allowed: bool) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cognito-idp.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:eu-west-1:000000000000:function:f",
    }
    assert permits({"Statement": [statement | change]}, POOL) is allowed


def test_no_policy_allows_nothing() -> None:
    assert not permits({}, POOL)
    assert not permits({"Statement": []}, POOL)
