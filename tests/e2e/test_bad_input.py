"""What an operator types wrongly fails at once, with a cause that names the key and what was expected."""

from typing import Any

import pytest

from tests.e2e.world import BACKUP, PRIMARY, World

WRONG_IMPORTS: list[tuple[Any, str, tuple[str, ...]]] = [
    ({}, "InvalidInput", ("NewUserPoolId", "missing", "id of an empty user pool")),
    ([], "InvalidInput", ("JSON object", "an array")),
    ("eu-west-1_AbCdEf", "InvalidInput", ("JSON object", "a string")),
    ({"NewUserPoolId": 7}, "InvalidInput", ("NewUserPoolId", "a number")),
    ({"NewUserPoolId": "nonsense"}, "InvalidInput", ("NewUserPoolId", "expected the id")),
    ({"NewUserPoolId": None}, "InvalidInput", ("NewUserPoolId", "missing")),
    ({"UserPoolId": "eu-west-1_AbCdEf"}, "InvalidInput", ("UserPoolId", "unknown key", "NewUserPoolId")),
    ({"NewUserPoolId": "us-east-1_AbCdEf"}, "InvalidInput", ("NewUserPoolId", "us-east-1", "eu-west-1")),
    ({"NewUserPoolId": "eu-west-1_Missing00"}, "PreflightFailed", ("NewUserPoolId", "no user pool")),
    (
        {"NewUserPoolId": "eu-west-1_AbCdEf", "UserLane": "fast"},
        "InvalidInput",
        ("UserLane", '"auto", "csv" or "api"'),
    ),
    (
        {"NewUserPoolId": "eu-west-1_AbCdEf", "CreateUserPool": {"PoolName": "people"}},
        "InvalidInput",
        ("CreateUserPool", "NewUserPoolId", "leave one of them out"),
    ),
    ({"Resume": "yesterday"}, "InvalidInput", ("Resume", "expected the id of an earlier import")),
    (
        {"NewUserPoolId": "eu-west-1_AbCdEf", "Resume": "2026-01-01T00:00:00.000Z-00000000"},
        "InvalidInput",
        ("Resume", "no import", "ledger"),
    ),
]


@pytest.mark.parametrize(("given", "error", "words"), WRONG_IMPORTS)
def test_a_wrong_import_input(exported: World, given: Any, error: str, words: tuple[str, ...]) -> None:
    result = exported.restore(given)

    assert (result["status"], result["error"]) == ("FAILED", error)
    assert all(word in result["cause"] for word in words), result["cause"]
    assert not exported.locks(BACKUP)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"Unknown": 1}, ("Unknown", "unknown key", "AllowMassRetirement")),
        ({"AllowMassRetirement": "yes"}, ("AllowMassRetirement", "true or false")),
        ([], ("JSON object",)),
    ],
)
def test_a_wrong_export_input(exported: World, given: Any, words: tuple[str, ...]) -> None:
    result = exported.export(given) if given != [] else exported.result(exported.start("Export", [], PRIMARY))

    assert (result["status"], result["error"]) == ("FAILED", "InvalidInput")
    assert all(word in result["cause"] for word in words), result["cause"]
    assert not exported.locks(PRIMARY)


def test_preflight_names_every_problem_at_once_and_writes_nothing(exported: World) -> None:
    pool_id = exported.empty_pool(
        UsernameAttributes=["email"],
        Schema=[{"Name": "other", "AttributeDataType": "String"}],
        UsernameConfiguration={"CaseSensitive": False},
    )
    cognito = exported.client("cognito-idp")
    cognito.admin_create_user(UserPoolId=pool_id, Username="guest@example.com", MessageAction="SUPPRESS")

    result = exported.restore({"NewUserPoolId": pool_id})

    assert (result["status"], result["error"]) == ("FAILED", "PreflightFailed")
    for words in ("is not empty", "UsernameAttributes", "custom:note", "AddCustomAttributes"):
        assert words in result["cause"], result["cause"]
    assert not exported.groups(pool_id)
    assert len(exported.snapshot(pool_id)) == 1
