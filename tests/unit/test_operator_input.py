"""What an operator types: every mistake is named by its key, and no value is repeated."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from lifeboat.errors import InvalidInput
from lifeboat.export.begin import ExportInput
from lifeboat.operator_input import parse
from lifeboat.restore.import_input import EXPECTED, ImportInput
from tests.unit.examples import JSON

EXPORT = {"AllowMassRetirement": "true or false"}
POOL_ID = "eu-west-1_AbCdEf123"
IMPORT = "2026-03-01T12:00:00.000Z-0123abcd"
PLANTED = "planted@example.com"
OLD_ARN = "arn:aws:iam::123456789012:role/us-east-1-staff"
NEW_ARN = "arn:aws:iam::123456789012:role/eu-west-1-staff"


def refused(given_input: Any) -> InvalidInput:
    """The error for an input of the ImportWorkflow."""
    with pytest.raises(InvalidInput) as caught:
        parse(ImportInput, given_input, EXPECTED)
    return caught.value


@pytest.mark.parametrize(
    "typed",
    [
        {"NewUserPoolId": POOL_ID},
        {"Resume": IMPORT},
        {"NewUserPoolId": POOL_ID, "Resume": IMPORT},
        {"NewUserPoolId": "us-gov-west-1_9", "Resume": None},
        {"CreateUserPool": {"PoolName": "people, restored"}},
        {"NewUserPoolId": POOL_ID, "UserLane": "auto"},
        {"NewUserPoolId": POOL_ID, "UserLane": "csv", "AcceptDifferences": True},
        {"Resume": IMPORT, "UserLane": "api"},
        {"NewUserPoolId": POOL_ID, "AsOf": "2026-03-01T08:00:00+01:00"},
        {"CreateUserPool": {"PoolName": "x" * 128}, "ArnMap": {OLD_ARN: NEW_ARN}},
        {"NewUserPoolId": POOL_ID, "SourceSubAttribute": "custom:source_sub", "ArnMap": {}},
        {"NewUserPoolId": POOL_ID, "SourceSubAttribute": "custom:" + "ü" * 20},
    ],
)
def test_what_the_import_accepts(typed: dict[str, Any]) -> None:
    asked = parse(ImportInput, typed, EXPECTED)
    unsaid = dict.fromkeys(EXPECTED) | {"AcceptDifferences": False}
    assert asked.model_dump() == {**unsaid, **typed}


@pytest.mark.parametrize(
    ("typed", "allowed"),
    [({}, False), ({"AllowMassRetirement": True}, True), ({"AllowMassRetirement": False}, False)],
)
def test_what_the_export_accepts(typed: dict[str, Any], allowed: bool) -> None:
    assert parse(ExportInput, typed, EXPORT).AllowMassRetirement is allowed


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (None, "null"),
        (1, "a number"),
        (1.5, "a number"),
        ("", "an empty string"),
        ("true", "a string of another form"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_the_export_says_what_it_expected_and_found(value: Any, found: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse(ExportInput, {"AllowMassRetirement": value}, EXPORT)
    assert str(caught.value) == f"AllowMassRetirement: expected true or false, found {found}"


@pytest.mark.parametrize(
    "value",
    [
        5,
        True,
        "",
        [],
        {},
        "eu-west-1",
        "eu-west-1_",
        "EU-WEST-1_Abc",
        "_AbCdEf123",
        f"{POOL_ID} ",
        f"{POOL_ID}\n",
        f" {POOL_ID}",
        "eu-west-1_Ab-Cd",
        "eu-west-1_Äbc",
        "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_AbCdEf123",
    ],
)
def test_a_malformed_pool_id_is_named(value: Any) -> None:
    error = refused({"NewUserPoolId": value})
    assert error.key == "NewUserPoolId"
    assert str(error).startswith(f"NewUserPoolId: expected {EXPECTED['NewUserPoolId']}, found ")


@pytest.mark.parametrize(
    "value",
    [
        7,
        "",
        "LATEST",
        f"{IMPORT}\n",
        IMPORT.upper(),
        IMPORT.replace("2026", "２０２６"),
        IMPORT[:-1],
        [IMPORT],
    ],
)
def test_a_malformed_import_id_is_named(value: Any) -> None:
    error = refused({"NewUserPoolId": POOL_ID, "Resume": value})
    assert error.key == "Resume"
    assert EXPECTED["Resume"] in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("CreateUserPool", "people"),
        ("CreateUserPool", {}),
        ("CreateUserPool", {"PoolName": ""}),
        ("CreateUserPool", {"PoolName": "x" * 129}),
        ("CreateUserPool", {"PoolName": "people/1"}),
        ("CreateUserPool", {"PoolName": "people", PLANTED: 1}),
        ("UserLane", "CSV"),
        ("UserLane", ""),
        ("UserLane", 1),
        ("UserLane", ["csv"]),
        ("ArnMap", [OLD_ARN, NEW_ARN]),
        ("ArnMap", {PLANTED: NEW_ARN}),
        ("ArnMap", {OLD_ARN: PLANTED}),
        ("ArnMap", {OLD_ARN: f"{NEW_ARN} "}),
        ("ArnMap", {OLD_ARN: None}),
        ("ArnMap", {f"{OLD_ARN}{number}": NEW_ARN for number in range(501)}),
        ("SourceSubAttribute", ""),
        ("SourceSubAttribute", "source_sub"),
        ("SourceSubAttribute", "custom:"),
        ("SourceSubAttribute", "custom:" + "x" * 21),
        ("SourceSubAttribute", "custom:a b"),
        ("SourceSubAttribute", True),
        ("AcceptDifferences", "true"),
        ("AcceptDifferences", 1),
        ("AcceptDifferences", None),
    ],
)
def test_whatever_else_is_malformed_is_named(key: str, value: Any) -> None:
    error = refused({**({} if key == "CreateUserPool" else {"NewUserPoolId": POOL_ID}), key: value})
    assert error.key == key
    assert str(error).startswith(f"{key}: ")
    assert PLANTED not in str(error)


@pytest.mark.parametrize(
    "typed",
    [{}, {"NewUserPoolId": None}, {"NewUserPoolId": None, "Resume": None}, {"UserLane": "api"}],
)
def test_without_a_pool_the_missing_key_is_named(typed: dict[str, Any]) -> None:
    assert str(refused(typed)) == (
        f"NewUserPoolId: missing; expected {EXPECTED['NewUserPoolId']}, or CreateUserPool or Resume"
    )


@pytest.mark.parametrize(
    ("other", "remedy"),
    [
        ({"NewUserPoolId": POOL_ID}, "with NewUserPoolId; leave one of them out"),
        ({"Resume": IMPORT}, "with Resume; give Resume alone"),
    ],
)
def test_a_pool_to_create_is_no_other_pool(other: dict[str, Any], remedy: str) -> None:
    error = refused({"CreateUserPool": {"PoolName": "people"}, **other})
    assert str(error) == f"CreateUserPool: cannot be given together {remedy}"


def test_a_missing_key_that_must_be_there_is_named() -> None:
    class Needy(BaseModel):
        PoolName: str

    with pytest.raises(InvalidInput) as caught:
        parse(Needy, {}, {"PoolName": "a name"})
    assert str(caught.value) == "PoolName: missing; expected a name"


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        (None, "null"),
        ([], "an array"),
        (POOL_ID, "a string"),
        (True, "true or false"),
        (3, "a number"),
    ],
)
def test_an_input_that_is_no_object_is_shown_an_example(typed: Any, found: str) -> None:
    error = refused(typed)
    assert error.key == ""
    assert '{"NewUserPoolId": …' in str(error)
    assert all(f'"{key}": …' in str(error) for key in EXPECTED)
    assert found in str(error)


@pytest.mark.parametrize("key", ["newUserPoolId", "NewUserPoolId ", "asOf", ""])
def test_an_unknown_key_is_named_before_anything_else(key: str) -> None:
    error = refused({"NewUserPoolId": 5, key: PLANTED})
    assert error.key == key
    assert f"unknown key; the keys are {', '.join(EXPECTED)}" in str(error)
    assert PLANTED not in str(error)


@given(st.sampled_from([*EXPECTED, "Unknown"]), JSON)
def test_no_value_is_repeated(key: str, value: Any) -> None:
    planted = {"inside": [value, PLANTED]}
    for typed in ({key: planted}, {key: PLANTED}, [PLANTED], PLANTED):
        assert PLANTED not in str(refused(typed))


@given(JSON)
def test_nothing_but_an_invalid_input_is_raised(typed: Any) -> None:
    for model, expected in ((ImportInput, EXPECTED), (ExportInput, EXPORT)):
        with suppress(InvalidInput):
            parse(model, typed, expected)
