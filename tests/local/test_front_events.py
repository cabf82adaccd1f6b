"""The events that CloudTrail would send: who changed, nothing of what; doubled, reordered, lost on demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.local.waiting import wait_for

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

EMAIL = "planted.address@example.com"
PASSWORD = "Correct-horse-1"
REGION = "us-east-1"


class Listener:
    """A rule on the default bus and the queue behind it."""

    def __init__(self, front: FrontStack) -> None:
        self._front = front
        self._queue = front.service("sqs").create_queue(QueueName="trail")["QueueUrl"]
        events = front.service("events")
        pattern = {"source": ["aws.cognito-idp"]}
        events.put_rule(Name="trail", EventPattern=json.dumps(pattern))
        arn = f"arn:aws:sqs:{REGION}:000000000000:trail"
        events.put_targets(Rule="trail", Targets=[{"Id": "queue", "Arn": arn}])

    def received(self) -> list[dict[str, Any]]:
        """Wait until nothing is on its way and return the events since the last time."""
        wait_for(lambda: self._front.control("GET", "events")["pending"] == 0, "the events")
        sqs, found = self._front.service("sqs"), []
        while messages := sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages"):
            for message in messages:
                found.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=message["ReceiptHandle"])
        return found

    def details(self, pool: str = "") -> list[dict[str, Any]]:
        """Return what the events say, of one pool or all."""
        details = [event["detail"] for event in self.received()]
        return [each for each in details if not pool or each["requestParameters"].get("userPoolId") == pool]


@pytest.fixture(scope="module")
def listening(front_stack: FrontStack) -> Listener:
    return Listener(front_stack)


@pytest.fixture
def listener(front: FrontStack, listening: Listener) -> Listener:
    front.control("PUT", "events", {"delay_ms": 1})
    listening.received()
    return listening


def subs(details: list[dict[str, Any]]) -> list[tuple[str, str | None]]:
    return [(each["eventName"], (each["additionalEventData"] or {}).get("sub")) for each in details]


def sub_of(user: dict[str, Any]) -> str:
    return str(next(item["Value"] for item in user["Attributes"] if item["Name"] == "sub"))


def test_an_event_names_the_sub_and_hides_the_values(front: FrontStack, listener: Listener) -> None:
    pool = front.pool()
    sub = sub_of(front.user(pool, "vera", email=EMAIL))
    (event,) = [each for each in listener.received() if each["detail"]["eventName"] == "AdminCreateUser"]
    assert event["source"] == "aws.cognito-idp"
    assert event["detail-type"] == "AWS API Call via CloudTrail"
    assert event["region"] == REGION
    detail = event["detail"]
    assert detail["additionalEventData"] == {"sub": sub}
    hidden = "HIDDEN_DUE_TO_SECURITY_REASONS"
    assert detail["requestParameters"] == {
        "userPoolId": pool,
        "username": hidden,
        "messageAction": "SUPPRESS",
        "userAttributes": hidden,
    }
    assert (detail["eventSource"], detail["eventType"]) == ("cognito-idp.amazonaws.com", "AwsApiCall")
    assert (detail["awsRegion"], detail["recipientAccountId"]) == (REGION, "000000000000")
    assert (detail["readOnly"], detail["managementEvent"]) == (False, True)
    assert "errorCode" not in detail
    assert EMAIL not in json.dumps(event)
    assert "vera" not in json.dumps(event)


def test_every_change_by_an_administrator_is_an_event(front: FrontStack, listener: Listener) -> None:
    pool, cognito = front.pool(), front.client()
    sub = sub_of(front.user(pool, "vera"))
    user: Any = {"UserPoolId": pool, "Username": "vera"}
    group: Any = {"UserPoolId": pool, "GroupName": "readers"}
    attributes = [{"Name": "name", "Value": EMAIL}]
    cognito.admin_set_user_password(**user, Password=PASSWORD, Permanent=True)
    cognito.admin_update_user_attributes(**user, UserAttributes=attributes)  # type: ignore[arg-type]
    cognito.admin_delete_user_attributes(**user, UserAttributeNames=["name"])
    cognito.admin_disable_user(**user)
    cognito.admin_enable_user(UserPoolId=pool, Username=sub)
    cognito.create_group(**group)
    cognito.admin_add_user_to_group(**user, GroupName="readers")
    cognito.admin_remove_user_from_group(**user, GroupName="readers")
    cognito.delete_group(**group)
    cognito.admin_get_user(**user)
    cognito.list_users(UserPoolId=pool)
    details = listener.details(pool)
    cognito.admin_delete_user(**user)
    details += listener.details(pool)
    assert sorted(subs(details)) == sorted(
        [
            ("AdminCreateUser", sub),
            ("AdminSetUserPassword", sub),
            ("AdminUpdateUserAttributes", sub),
            ("AdminDeleteUserAttributes", sub),
            ("AdminDisableUser", sub),
            ("AdminEnableUser", sub),
            ("CreateGroup", None),
            ("AdminAddUserToGroup", sub),
            ("AdminRemoveUserFromGroup", sub),
            ("DeleteGroup", None),
            ("AdminDeleteUser", sub),
        ]
    )
    assert EMAIL not in json.dumps(details)
    assert "readers" not in json.dumps(details)


def test_what_users_do_themselves_names_the_client_only(front: FrontStack, listener: Listener) -> None:
    pool, cognito = front.pool(), front.client()
    flows: Any = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    client = front.app_client(pool, ExplicitAuthFlows=flows)
    listener.received()
    sub = cognito.sign_up(ClientId=client, Username="vera", Password=PASSWORD)["UserSub"]
    cognito.confirm_sign_up(ClientId=client, Username="vera", ConfirmationCode="123456")
    signed_in = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "vera", "PASSWORD": PASSWORD},
    )
    token = signed_in["AuthenticationResult"]["AccessToken"]
    cognito.update_user_attributes(AccessToken=token, UserAttributes=[{"Name": "name", "Value": EMAIL}])
    cognito.delete_user_attributes(AccessToken=token, UserAttributeNames=["name"])
    details = listener.details()
    cognito.delete_user(AccessToken=token)
    details += listener.details()
    names = [
        "ConfirmSignUp",
        "DeleteUser",
        "DeleteUserAttributes",
        "InitiateAuth",
        "SignUp",
        "UpdateUserAttributes",
    ]
    assert sorted(subs(details)) == [(name, sub) for name in names]
    assert all("userPoolId" not in each["requestParameters"] for each in details)
    sign_up = next(each for each in details if each["eventName"] == "SignUp")
    assert sign_up["requestParameters"]["clientId"] == client
    text = json.dumps(details)
    assert not any(private in text for private in (EMAIL, PASSWORD, token, "vera"))


def test_a_first_password_of_ones_own_is_told_of(front: FrontStack, listener: Listener) -> None:
    pool, cognito = front.pool(), front.client()
    client = front.app_client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    invited = cognito.admin_create_user(
        UserPoolId=pool, Username="vera", TemporaryPassword=PASSWORD, MessageAction="SUPPRESS"
    )["User"]
    challenge = cognito.initiate_auth(
        ClientId=client,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "vera", "PASSWORD": PASSWORD},
    )
    cognito.respond_to_auth_challenge(
        ClientId=client,
        ChallengeName="NEW_PASSWORD_REQUIRED",
        Session=challenge["Session"],
        ChallengeResponses={"USERNAME": "vera", "NEW_PASSWORD": f"{PASSWORD}!"},
    )
    (event,) = [each for each in listener.details() if each["eventName"] == "RespondToAuthChallenge"]
    assert event["additionalEventData"] == {"sub": sub_of(dict(invited))}
    assert event["requestParameters"]["challengeName"] == "NEW_PASSWORD_REQUIRED"
    assert PASSWORD not in json.dumps(event)


def test_linking_and_unlinking_name_the_user(front: FrontStack, listener: Listener) -> None:
    pool, cognito = front.pool(), front.client()
    cognito.create_identity_provider(
        UserPoolId=pool,
        ProviderName="Corp",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.example.com/metadata"},
    )
    sub = sub_of(front.user(pool, "vera"))
    identity = {"ProviderName": "Corp", "ProviderAttributeName": "sub", "ProviderAttributeValue": "c-1"}
    local = {"ProviderName": "Cognito", "ProviderAttributeValue": "vera"}
    link: Any = {"UserPoolId": pool, "DestinationUser": local, "SourceUser": identity}
    cognito.admin_link_provider_for_user(**link)
    assert ("AdminLinkProviderForUser", sub) in subs(listener.details(pool))
    unlinked: Any = identity
    cognito.admin_disable_provider_for_user(UserPoolId=pool, User=unlinked)
    assert subs(listener.details(pool)) == [("AdminDisableProviderForUser", sub)]


def test_a_failed_call_says_so(front: FrontStack, listener: Listener) -> None:
    pool = front.pool()
    with pytest.raises(ClientError):
        front.client().admin_disable_user(UserPoolId=pool, Username="nobody")
    attributes: Any = [{"Name": "custom:no", "Value": EMAIL}]
    with pytest.raises(ClientError):
        front.client().admin_create_user(UserPoolId=pool, Username="vera", UserAttributes=attributes)
    errors = sorted((each["eventName"], each["errorCode"]) for each in listener.details(pool))
    assert errors == [
        ("AdminCreateUser", "InvalidParameterException"),
        ("AdminDisableUser", "UserNotFoundException"),
    ]


def test_a_lost_answer_does_not_lose_the_event(front: FrontStack, listener: Listener) -> None:
    pool = front.pool()
    sub = sub_of(front.user(pool, "vera"))
    fault = {"operation": "AdminDisableUser", "error": "InternalErrorException", "after": True}
    front.control("PUT", "faults", [fault])
    with pytest.raises(ClientError):
        front.client().admin_disable_user(UserPoolId=pool, Username="vera")
    assert ("AdminDisableUser", sub) in subs(listener.details(pool))


def test_managed_login_makes_a_service_event(front: FrontStack, listener: Listener) -> None:
    pool = front.pool()
    front.client().create_identity_provider(
        UserPoolId=pool,
        ProviderName="Corp",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.example.com/metadata"},
    )
    front.app_client(pool)
    user = {"pool_id": pool, "provider": "Corp", "user_id": "c-1", "attributes": {"email": EMAIL}}
    sub = front.control("POST", "federated", user)["sub"]
    (event,) = [each for each in listener.received() if "Service" in each["detail-type"]]
    assert event["detail"]["eventType"] == "AwsServiceEvent"
    assert event["detail"]["additionalEventData"]["sub"] == sub
    assert EMAIL not in json.dumps(event)


def test_events_are_lost_doubled_and_reordered_the_same_way_each_time(
    front: FrontStack, listener: Listener
) -> None:
    pool = front.pool()
    tortures = {"delay_ms": 1, "spread_ms": 300, "duplicate": 0.3, "reorder": 0.5, "lose": 0.2}
    seen = []
    for _ in range(2):
        listener.received()
        front.control("POST", "reset")
        front.control("PUT", "seed", {"seed": 7})
        front.control("PUT", "events", tortures)
        names = [f"g{number}" for number in range(20)]
        for name in names:
            front.client().create_group(UserPoolId=pool, GroupName=name)
        identities = [each["requestID"] for each in listener.details(pool)]
        for name in names:
            front.control("PUT", "events", {"lose": 1})
            front.client().delete_group(UserPoolId=pool, GroupName=name)
        counts = front.control("GET", "events")
        assert counts["lost"] > 20
        assert len(identities) == counts["put"] == 20 - (counts["lost"] - 20) + counts["duplicated"]
        assert len(set(identities)) < len(identities)
        seen.append({name: counts[name] for name in ("lost", "duplicated", "reordered", "put")})
    assert seen[0] == seen[1]
    assert seen[0]["reordered"] > 0


def test_nothing_is_kept_where_no_rule_listens(front: FrontStack, listener: Listener) -> None:
    front.pool(region="eu-west-1")
    assert listener.received() == []
    status, _, refusal = front.http("PUT", "/_front/events", {"lose": 2})
    assert (status, refusal["field"]) == (400, "lose")


def test_a_client_cannot_use_the_fronts_own_actions(front: FrontStack) -> None:
    headers = {"X-Amz-Target": "AWSCognitoIdentityProviderService.EmbeddedServiceEvents"}
    status, _, answer = front.http("POST", "/", {"Events": []}, headers)
    assert (status, answer["__type"]) == (400, "UnknownOperationException")
