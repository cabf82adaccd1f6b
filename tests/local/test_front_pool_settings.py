"""Settings of a pool that are the front's alone: risk, log delivery, replicas, deletion protection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.front.pool_settings import check_logs
from local.front.protocol import CognitoError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

NOWHERE = "us-east-1_Nowhere00"
BLOCK: Any = {"Actions": {"EventAction": "BLOCK"}, "EventFilter": ["SIGN_IN"]}
IGNORE: Any = {"Actions": {"EventAction": "NO_ACTION"}}
EXCEPTIONS: Any = {"SkippedIPRangeList": ["192.0.2.0/24"], "BlockedIPRangeList": ["198.51.100.7/32"]}
GROUP = {"LogGroupArn": "arn:aws:logs:us-east-1:000000000000:log-group:/aws/vendedlogs/people"}
BUCKET = {"BucketArn": "arn:aws:s3:::people-activity"}
ERRORS: Any = {
    "EventSource": "userNotification",
    "LogLevel": "ERROR",
    "CloudWatchLogsConfiguration": GROUP,
}
EVENTS: Any = {"EventSource": "userAuthEvents", "LogLevel": "INFO", "S3Configuration": BUCKET}


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def plus_pool(front: FrontStack) -> str:
    return front.pool(UserPoolTier="PLUS", UserPoolAddOns={"AdvancedSecurityMode": "ENFORCED"})


def risk(front: FrontStack, **of: str) -> dict[str, Any]:
    return dict(front.client().describe_risk_configuration(**of)["RiskConfiguration"])


def test_a_risk_configuration_is_of_the_pool_or_of_a_client(front: FrontStack) -> None:
    pool = plus_pool(front)
    app = front.app_client(pool)
    cognito = front.client()
    answer = cognito.set_risk_configuration(
        UserPoolId=pool,
        CompromisedCredentialsRiskConfiguration=BLOCK,
        RiskExceptionConfiguration=EXCEPTIONS,
    )["RiskConfiguration"]
    cognito.set_risk_configuration(
        UserPoolId=pool,
        ClientId=app,
        CompromisedCredentialsRiskConfiguration=IGNORE,
    )
    of_pool = risk(front, UserPoolId=pool)
    assert of_pool == answer
    assert of_pool.pop("LastModifiedDate")
    assert of_pool == {
        "UserPoolId": pool,
        "CompromisedCredentialsRiskConfiguration": BLOCK,
        "RiskExceptionConfiguration": EXCEPTIONS,
    }
    of_client = risk(front, UserPoolId=pool, ClientId=app)
    assert of_client["ClientId"] == app
    assert of_client["CompromisedCredentialsRiskConfiguration"] == IGNORE
    assert "RiskExceptionConfiguration" not in of_client


def test_a_risk_configuration_without_parts_is_the_default(front: FrontStack) -> None:
    pool = plus_pool(front)
    cognito = front.client()
    assert risk(front, UserPoolId=pool) == {"UserPoolId": pool}
    cognito.set_risk_configuration(UserPoolId=pool, RiskExceptionConfiguration=EXCEPTIONS)
    cognito.set_risk_configuration(UserPoolId=pool)
    assert risk(front, UserPoolId=pool) == {"UserPoolId": pool}


@pytest.mark.parametrize("settings", [{}, {"UserPoolTier": "LITE"}], ids=["essentials", "lite"])
def test_without_threat_protection_there_is_no_risk_configuration(
    front: FrontStack, settings: dict[str, Any]
) -> None:
    pool = front.pool(**settings)
    cognito = front.client()
    for call in (cognito.describe_risk_configuration, cognito.set_risk_configuration):
        assert refusal(call, UserPoolId=pool) == "UserPoolAddOnNotEnabledException"


@pytest.mark.parametrize(
    "operation",
    [
        "describe_risk_configuration",
        "set_risk_configuration",
        "get_log_delivery_configuration",
        "list_user_pool_replicas",
    ],
)
def test_settings_of_a_pool_that_is_not_there(front: FrontStack, operation: str) -> None:
    assert refusal(getattr(front.client(), operation), UserPoolId=NOWHERE) == "ResourceNotFoundException"


def test_risk_of_a_client_that_is_not_there(front: FrontStack) -> None:
    described = front.client().describe_risk_configuration
    assert refusal(described, UserPoolId=plus_pool(front), ClientId="nobody") == "ResourceNotFoundException"


def test_a_deleted_client_takes_its_risk_configuration_along(front: FrontStack) -> None:
    pool = plus_pool(front)
    app = front.app_client(pool)
    cognito = front.client()
    cognito.set_risk_configuration(UserPoolId=pool, ClientId=app, RiskExceptionConfiguration=EXCEPTIONS)
    cognito.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    assert refusal(cognito.describe_risk_configuration, UserPoolId=pool, ClientId=app)


def test_log_delivery_is_kept_as_it_was_set(front: FrontStack) -> None:
    pool = plus_pool(front)
    cognito = front.client()
    none: Any = cognito.get_log_delivery_configuration(UserPoolId=pool)["LogDeliveryConfiguration"]
    assert none == {"UserPoolId": pool, "LogConfigurations": []}
    expected: Any = {"UserPoolId": pool, "LogConfigurations": [ERRORS, EVENTS]}
    answer = cognito.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=[ERRORS, EVENTS])
    assert answer["LogDeliveryConfiguration"] == expected
    found = cognito.get_log_delivery_configuration(UserPoolId=pool)["LogDeliveryConfiguration"]
    assert found == expected


def test_activity_logs_need_the_plus_plan(front: FrontStack) -> None:
    set_logs = front.client().set_log_delivery_configuration
    pool = front.pool()
    assert refusal(set_logs, UserPoolId=pool, LogConfigurations=[EVENTS]) == (
        "FeatureUnavailableInTierException"
    )
    set_logs(UserPoolId=pool, LogConfigurations=[ERRORS])


@pytest.mark.parametrize(
    "configurations",
    [
        [ERRORS, ERRORS],
        [{**ERRORS, "LogLevel": "INFO"}],
        [{**EVENTS, "LogLevel": "ERROR"}],
        [{"EventSource": "userNotification", "LogLevel": "ERROR", "S3Configuration": BUCKET}],
        [{"EventSource": "userAuthEvents", "LogLevel": "INFO"}],
    ],
    ids=["twice", "notification level", "activity level", "notification to S3", "nowhere"],
)
def test_logs_that_cannot_be_delivered(configurations: list[dict[str, Any]]) -> None:
    with pytest.raises(CognitoError) as caught:
        check_logs(configurations, "PLUS")
    assert caught.value.code == "InvalidParameterException"


def test_a_pool_without_replicas(front: FrontStack) -> None:
    assert front.client().list_user_pool_replicas(UserPoolId=front.pool())["UserPoolReplicas"] == []


def test_a_protected_pool_is_deleted_only_after_its_protection_is_off(front: FrontStack) -> None:
    pool = front.pool(DeletionProtection="ACTIVE")
    cognito = front.client()
    assert refusal(cognito.delete_user_pool, UserPoolId=pool) == "InvalidParameterException"
    cognito.update_user_pool(UserPoolId=pool, DeletionProtection="INACTIVE")
    cognito.delete_user_pool(UserPoolId=pool)
    assert refusal(cognito.describe_user_pool, UserPoolId=pool) == "ResourceNotFoundException"
