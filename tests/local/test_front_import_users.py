"""What user import jobs make of rows: users in every kind of pool, and what their log says."""

from __future__ import annotations

import contextlib
import threading
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.front.import_rows import NOT_VERIFIED
from tests.local.import_jobs import FAST, as_file, verified
from tests.local.waiting import wait_for

if TYPE_CHECKING:
    from tests.local.import_jobs import ImportStack

pytest_plugins = ["tests.local.front_stack", "tests.local.import_stack"]

EXISTS = "SKIPPED: The user already exists."
PHONE = {"phone_number": "+4930123456", "phone_number_verified": "true"}
SMS = {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}


def mail_sent(imports: ImportStack) -> dict[str, Any]:
    sent: dict[str, Any] = imports.front.control("GET", "messages")
    return sent


def mfa_pool(imports: ImportStack, mode: str) -> str:
    pool = imports.front.pool()
    imports.front.client().set_user_pool_mfa_config(
        UserPoolId=pool,
        MfaConfiguration=mode,  # type: ignore[arg-type]
        SmsMfaConfiguration={"SmsConfiguration": SMS},  # type: ignore[typeddict-item]
        SoftwareTokenMfaConfiguration={"Enabled": True},
    )
    return pool


# --- users


def test_a_user_arrives_whole(imports: ImportStack) -> None:
    pool = imports.front.pool(Schema=[{"Name": "plan", "AttributeDataType": "String"}])
    name = 'zoë "the\\one", 日本 #/'
    row = verified(
        "zoë-#/日本",
        name=name,
        birthdate="02/01/1985",
        updated_at="1471453471",
        email_verified="TRUE",
        custom__plan="a,b",
    )
    assert imports.run(pool, row) == {0: "SUCCEEDED"}
    user = imports.user(pool, "zoë-#/日本")
    assert (user["Enabled"], user["UserStatus"]) == (True, "RESET_REQUIRED")
    assert user["Username"] == "zoë-#/日本"
    assert {key: value for key, value in user["Attributes"].items() if key != "sub"} == {
        "name": name,
        "email": "zoë-#/日本@example.com",
        "email_verified": "true",
        "birthdate": "1985-02-01",
        "updated_at": "1471453471",
        "custom:plan": "a,b",
    }


def test_importing_sends_and_counts_nothing(imports: ImportStack) -> None:
    pool = imports.front.pool()
    imports.front.control("DELETE", "calls")
    imports.run(pool, verified("ana"), verified("ben", **PHONE))
    assert mail_sent(imports) == {}
    called = set(imports.front.control("GET", "calls")["us-east-1"])
    assert not {name for name in called if name.startswith("Admin")}


def test_imported_users_reset_their_password(imports: ImportStack) -> None:
    front = imports.front
    pool = front.pool()
    app = front.app_client(pool)
    imports.run(pool, verified("ana"))
    cognito = front.client()
    cognito.forgot_password(ClientId=app, Username="ana")
    assert mail_sent(imports) == {"us-east-1": {"ForgotPassword": 1}}


def test_the_log_says_what_became_of_each_row(imports: ImportStack) -> None:
    pool = imports.front.pool()
    header = imports.header(pool)
    imports.front.user(pool, "ana")
    rows = [verified("ana"), verified("ben"), verified("ben"), {"username": "cai"}, {}]
    content = as_file(header, rows) + b"\n" + b"x" * 16_001 + b"\n" + b"," * len(header) + b"\n"
    job = imports.run_text(pool, content)
    lines = imports.log(job)
    assert len(lines) == 8
    assert "[SUCCEEDED] Line Number 3 - The import succeeded." in lines
    assert "[SKIPPED] Line Number 2 - The user already exists." in lines
    assert f"[FAILED] Line Number 5 - {NOT_VERIFIED}" in lines
    assert NOT_VERIFIED.startswith(
        "The User Record does not set any of the auto verified attributes to true."
    )
    results = imports.results(job)
    assert results[2] == EXISTS  # the second ben
    assert {row: results[row].split(":")[0] for row in (4, 5, 6, 7)} == dict.fromkeys((4, 5, 6, 7), "FAILED")
    assert "16,000 characters" in results[6]
    assert "number of values" in results[5]
    assert "number of values" in results[7]
    assert (job.get("ImportedUsers"), job.get("SkippedUsers"), job.get("FailedUsers")) == (1, 2, 5)
    assert imports.user(pool, "ana")["UserStatus"] == "FORCE_CHANGE_PASSWORD"  # untouched


def test_a_log_is_made_again_if_somebody_deletes_it(imports: ImportStack) -> None:
    front = imports.front
    front.control("PUT", "imports", {"start_seconds": 0, "users_per_second": 5})
    pool = front.pool()
    job = imports.create(pool)
    imports.upload(job["PreSignedUrl"], as_file(imports.header(pool), [verified(f"u{n}") for n in range(50)]))
    imports.start(job)
    logs = imports.upstream("logs")
    group = f"/aws/cognito/userpools/{pool}/a pool"
    wait_for(
        lambda: (
            logs.describe_log_streams(logGroupName=group)["logStreams"]
            if logs.describe_log_groups(logGroupNamePrefix=group)["logGroups"]
            else []
        ),
        "the stream",
    )
    logs.delete_log_group(logGroupName=group)
    front.control("PUT", "imports", FAST)
    assert imports.wait(job)["Status"] == "Succeeded"
    assert imports.log(job)


def test_nobody_sees_a_user_half_made(imports: ImportStack) -> None:
    front = imports.front
    pool = front.pool()
    seen: set[str] = set()
    enough, cognito = threading.Event(), front.client()

    def look() -> None:
        for page in cognito.get_paginator("list_users").paginate(UserPoolId=pool):
            seen.update(user["UserStatus"] for user in page["Users"])

    def look_on() -> None:
        while not enough.is_set():
            look()

    looking = threading.Thread(target=look_on)
    looking.start()
    try:
        imports.run(pool, *(verified(f"user-{number}") for number in range(100)))
    finally:
        enough.set()
        looking.join(20)
    look()
    assert seen == {"RESET_REQUIRED"}


def test_an_import_and_a_call_that_make_one_user_make_one(imports: ImportStack) -> None:
    front = imports.front
    pool = front.pool()
    names = [f"user-{number}" for number in range(40)]
    made: list[str] = []
    exists = front.client().exceptions.UsernameExistsException

    def create() -> None:
        for name in reversed(names):
            with contextlib.suppress(exists):
                front.user(pool, name)
                made.append(name)

    creating = threading.Thread(target=create)
    creating.start()
    results = imports.run(pool, *(verified(name) for name in names))
    creating.join(20)
    skipped = {names[row] for row, result in results.items() if result == EXISTS}
    assert skipped == set(made)
    assert {result for result in results.values() if result != EXISTS} <= {"SUCCEEDED"}


# --- every kind of pool


def test_email_as_username(imports: ImportStack) -> None:
    pool = imports.front.pool(UsernameAttributes=["email"])
    ana = {"email": "ana@example.com", "email_verified": "true"}
    results = imports.run(
        pool,
        {**ana, "username": "ana@example.com"},
        {**ana, "username": "ana@example.com"},
        {**ana, "username": "ben", "email": "ben@example.com"},
        {**ana, "username": "cai@example.com"},
        {"username": "dea@example.com", "email_verified": "true"},
        {"username": "+4930123456", **PHONE},
    )
    assert [results[row].split(":")[0] for row in range(6)] == [
        "SUCCEEDED",
        "SKIPPED",
        "FAILED",  # no address
        "FAILED",  # not the address in the row
        "FAILED",  # no address that could be verified
        "FAILED",  # the pool verifies email addresses
    ]
    (user,) = imports.front.client().list_users(UserPoolId=pool)["Users"]
    assert user["Username"] == imports.user(pool, "ana@example.com")["Attributes"]["sub"]
    assert user["UserStatus"] == "RESET_REQUIRED"


def test_phone_as_username(imports: ImportStack) -> None:
    pool = imports.front.pool(UsernameAttributes=["phone_number"], AutoVerifiedAttributes=["phone_number"])
    results = imports.run(pool, {"username": "+4930123456", **PHONE}, verified("ana"))
    assert [results[row].split(":")[0] for row in (0, 1)] == ["SUCCEEDED", "FAILED"]
    assert imports.user(pool, "+4930123456")["UserStatus"] == "RESET_REQUIRED"


def test_email_and_phone_as_username(imports: ImportStack) -> None:
    both = ["email", "phone_number"]
    pool = imports.front.pool(UsernameAttributes=both, AutoVerifiedAttributes=both)
    ana = {"email": "ana@example.com", "email_verified": "true"}
    results = imports.run(
        pool,
        {"username": "ana@example.com", **ana, **PHONE},
        {"username": "ana@example.com", **ana, **PHONE},
        {"username": "+4930123456", **PHONE},
        {"username": "ben@example.com", "email": "ben@example.com", "email_verified": "true", **PHONE},
        {"username": "+4930999999", **PHONE, "phone_number": "+4930999999"},
    )
    assert results == {
        0: "SUCCEEDED",
        1: EXISTS,
        2: EXISTS,
        3: "FAILED: An account with the given phone_number already exists.",
        4: "SUCCEEDED",
    }


def test_aliases_belong_to_one_user(imports: ImportStack) -> None:
    pool = imports.front.pool(AliasAttributes=["email", "preferred_username"])
    imports.front.user(pool, "ana", email="ana@example.com", email_verified="true")
    results = imports.run(
        pool,
        verified("ben", email="ana@example.com"),
        verified("ana", email="ana@example.com"),
        verified("cai", preferred_username="c"),
        verified("dea", preferred_username="c"),
        verified("eve@example.com", email="eve@example.com"),
    )
    assert results == {
        0: "FAILED: An account with the email already exists.",
        1: EXISTS,
        2: "SUCCEEDED",
        3: "FAILED: An account with the preferred_username already exists.",
        4: "FAILED: Username cannot be of email format, since user pool is configured for email alias.",
    }
    assert imports.user(pool, "cai@example.com")["Username"] == "cai"
    with pytest.raises(ClientError, match="AliasExistsException"):  # what is imported is known as taken
        imports.front.user(pool, "fay", email="cai@example.com", email_verified="true")


def test_only_values_that_the_api_takes(imports: ImportStack) -> None:
    age: dict[str, Any] = {"Name": "age", "AttributeDataType": "Number", "Mutable": False}
    required: dict[str, Any] = {"Name": "name", "AttributeDataType": "String", "Required": True}
    pool = imports.front.pool(
        Schema=[{**age, "NumberAttributeConstraints": {"MinValue": "18", "MaxValue": "150"}}, required]
    )
    results = imports.run(
        pool,
        verified("ana", name="Ana", custom__age="18"),
        verified("ben", name="Ben", custom__age="17"),
        verified("cai"),
        verified("dea", name="x" * 2_049),
        verified("e" * 129, name="E"),
        verified("fay", name="Fay", phone_number="030"),
    )
    assert results[0] == "SUCCEEDED"
    assert results[1].endswith("custom:age: Number must be no less than 18")
    assert results[2].endswith("name: The attribute is required")
    assert {results[row].split(":")[0] for row in (3, 4)} == {"FAILED"}
    assert results[5] == "FAILED: Invalid phone number format."
    assert "x" * 20 not in str(results)
    assert "e" * 20 not in str(results)
    assert imports.user(pool, "ana")["Attributes"]["custom:age"] == "18"


@pytest.mark.parametrize(
    ("factors", "status"),
    [(["PASSWORD", "EMAIL_OTP"], "CONFIRMED"), (["PASSWORD", "WEB_AUTHN"], "RESET_REQUIRED")],
)
def test_a_pool_without_passwords_confirms(imports: ImportStack, factors: list[str], status: str) -> None:
    policies = {
        "PasswordPolicy": {"MinimumLength": 40},
        "SignInPolicy": {"AllowedFirstAuthFactors": factors},
    }
    pool = imports.front.pool(Policies=policies, UserPoolTier="ESSENTIALS")
    assert imports.run(pool, verified("ana")) == {0: "SUCCEEDED"}
    assert imports.user(pool, "ana")["UserStatus"] == status


def test_the_status_of_others_can_be_chosen(imports: ImportStack) -> None:
    imports.front.control("PUT", "imports", {**FAST, "default_status": "CONFIRMED"})
    pool = imports.front.pool()
    imports.run(pool, verified("ana"))
    assert imports.user(pool, "ana")["UserStatus"] == "CONFIRMED"


def test_mfa_by_sms(imports: ImportStack) -> None:
    pool = mfa_pool(imports, "OPTIONAL")
    results = imports.run(
        pool,
        verified("ana", **PHONE, mfa="TRUE"),
        verified("ben", **PHONE, mfa="false"),
        verified("cai", **PHONE),
        verified("dea", mfa="true"),
    )
    assert [results[row].split(":")[0] for row in range(4)] == ["SUCCEEDED"] * 3 + ["FAILED"]
    factors = {name: imports.user(pool, name).get("UserMFASettingList", []) for name in ("ana", "ben", "cai")}
    assert factors == {"ana": ["SMS_MFA"], "ben": [], "cai": []}


def test_mfa_that_the_pool_requires(imports: ImportStack) -> None:
    pool = mfa_pool(imports, "ON")
    results = imports.run(
        pool, verified("ana", **PHONE), verified("ben"), verified("cai", **PHONE, mfa="false")
    )
    assert [results[row].split(":")[0] for row in range(3)] == ["SUCCEEDED", "SUCCEEDED", "FAILED"]
    assert imports.user(pool, "ana")["UserMFASettingList"] == ["SMS_MFA"]
    assert imports.user(pool, "ben").get("UserMFASettingList", []) == []


def test_another_region(imports: ImportStack) -> None:
    pool = imports.front.pool("eu-west-1")
    assert imports.run(pool, verified("ana"), region="eu-west-1") == {0: "SUCCEEDED"}
    users = imports.front.client("eu-west-1").list_users(UserPoolId=pool)["Users"]
    assert [user["UserStatus"] for user in users] == ["RESET_REQUIRED"]
