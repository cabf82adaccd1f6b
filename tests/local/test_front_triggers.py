"""The front fires PostConfirmation and UserMigration as Cognito does, and fails as Cognito fails."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from local.front.protocol import claims_of_token
from tests.local.trigger_function import make_function, shown

if TYPE_CHECKING:
    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

PASSWORD = "Correct-horse-1"
EMAIL = "vera@example.com"
VERIFIED = {"email": EMAIL, "email_verified": "true", "name": "Vera"}


@pytest.fixture(scope="session")
def function(front_stack: FrontStack) -> str:
    return make_function(front_stack, "trigger")


def pool_with(front: FrontStack, arn: str, *triggers: str, **settings: Any) -> tuple[str, str]:
    """Make a pool with triggers, and an app client."""
    pool = front.pool(LambdaConfig=dict.fromkeys(triggers, arn), **settings)
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    return pool, front.app_client(pool, ExplicitAuthFlows=flows)


def sign_up(front: FrontStack, client: str, username: str = "vera", **more: Any) -> dict[str, Any]:
    attributes: Any = [{"Name": "email", "Value": EMAIL}]
    return dict(
        front.client().sign_up(
            ClientId=client, Username=username, Password=PASSWORD, UserAttributes=attributes, **more
        )
    )


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    """Make a call that is refused and return the error's name and message."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def answering(answer: Any) -> dict[str, str]:
    """Return the metadata that makes the function answer so."""
    return {"response": json.dumps(answer)}


def sign_in(front: FrontStack, client: str, username: str, answer: Any = None, **more: Any) -> dict[str, Any]:
    """Sign in with a password; the trigger answers with attributes or, with a dictionary of more, that."""
    return dict(
        front.client().initiate_auth(
            ClientId=client,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": more.pop("password", PASSWORD)},
            ClientMetadata=answering(answer) if answer is not None else more.pop("metadata", {}),
        )
    )


@pytest.mark.parametrize(
    "operation", ["ConfirmSignUp", "AdminConfirmSignUp", "ConfirmForgotPassword", "SignUp"]
)
def test_confirming_fires_the_trigger_with_what_the_user_is_then(
    front: FrontStack, function: str, operation: str
) -> None:
    triggers = ["PostConfirmation"] + (["PreSignUp"] if operation == "SignUp" else [])
    pool, client = pool_with(front, function, *triggers)
    cognito, metadata = front.client(), {"do": "show"}
    user = {"ClientId": client, "Username": "vera", "ConfirmationCode": "123456", "ClientMetadata": metadata}
    if operation == "SignUp":
        code, message = refused(lambda: sign_up(front, client, ClientMetadata=metadata))
    else:
        sign_up(front, client)
        if operation == "ConfirmSignUp":
            code, message = refused(cognito.confirm_sign_up, **user)
        elif operation == "AdminConfirmSignUp":
            call = cognito.admin_confirm_sign_up
            code, message = refused(call, UserPoolId=pool, Username="vera", ClientMetadata=metadata)
        else:
            cognito.confirm_sign_up(ClientId=client, Username="vera", ConfirmationCode="123456")
            cognito.forgot_password(ClientId=client, Username="vera")
            user |= {"ConfirmationCode": "654321", "Password": PASSWORD}
            code, message = refused(cognito.confirm_forgot_password, **user)
    assert code == "UserLambdaValidationException"
    assert message.startswith("PostConfirmation failed with error ")
    event = shown(message)
    attributes = event["request"]["userAttributes"]
    assert attributes["cognito:user_status"] == "CONFIRMED"
    assert attributes["email"] == EMAIL
    assert attributes["sub"]
    assert attributes.get("email_verified") == ("true" if operation.startswith("Confirm") else None)
    assert event["request"]["clientMetadata"] == metadata
    assert (event["userPoolId"], event["userName"], event["region"]) == (pool, "vera", "us-east-1")
    kind = "ConfirmForgotPassword" if operation == "ConfirmForgotPassword" else "ConfirmSignUp"
    assert event["triggerSource"] == f"PostConfirmation_{kind}"
    known = "CLIENT_ID_NOT_APPLICABLE" if operation == "AdminConfirmSignUp" else client
    assert event["callerContext"]["clientId"] == known
    status = cognito.admin_get_user(UserPoolId=pool, Username="vera")["UserStatus"]
    assert status == "CONFIRMED", "what the call did stays done"


def test_a_trigger_that_agrees_changes_nothing(front: FrontStack, function: str) -> None:
    _, client = pool_with(front, function, "PostConfirmation")
    sign_up(front, client)
    front.client().confirm_sign_up(ClientId=client, Username="vera", ConfirmationCode="123456")


def test_what_keeps_a_trigger_from_answering(front: FrontStack, function: str) -> None:
    def confirm(arn: str, do: str = "") -> tuple[str, str]:
        _, client = pool_with(front, arn, "PostConfirmation")
        sign_up(front, client)
        metadata = {"do": do} if do else {}
        user = {"ClientId": client, "Username": "vera", "ConfirmationCode": "1", "ClientMetadata": metadata}
        return refused(front.client().confirm_sign_up, **user)

    denied = "PostConfirmation invocation failed due to error AccessDeniedException."
    private = make_function(front, "private", allowed=False)
    assert confirm(private) == ("UnexpectedLambdaException", denied)
    assert confirm(function.replace("trigger", "missing")) == ("UnexpectedLambdaException", denied)
    assert confirm(function, "garbage") == ("InvalidLambdaResponseException", "Unrecognizable lambda output")
    failed = "PostConfirmation failed with error not today."
    assert confirm(function, "fail") == ("UserLambdaValidationException", failed)
    assert front.control("PUT", "triggers", {"limit_seconds": 0.1}) == {"limit_seconds": 0.1}
    code, message = confirm(function, "sleep")
    assert (code, "timeout" in message) == ("UnexpectedLambdaException", True)


def test_the_first_sign_in_through_a_provider_is_a_confirmation(front: FrontStack) -> None:
    shut = make_function(front, "shut-too", allowed=False)
    pool, _ = pool_with(front, shut, "PostConfirmation")
    front.client().create_identity_provider(
        UserPoolId=pool,
        ProviderName="Corp",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.example.com/metadata"},
    )
    user = {"pool_id": pool, "provider": "Corp", "user_id": "c-1", "attributes": {"email": EMAIL}}
    status, _, answer = front.http("POST", "/_front/federated", user)
    assert (status, answer["code"]) == (400, "UnexpectedLambdaException")
    assert front.http("POST", "/_front/federated", user)[0] == 200, "only the first one is"


def test_a_sign_in_brings_the_user_with_the_password(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    answer = {"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}
    assert sign_in(front, client, "vera", answer, password="weak")["AuthenticationResult"]["IdToken"]
    user = front.client().admin_get_user(UserPoolId=pool, Username="vera")
    assert user["UserStatus"] == "CONFIRMED"
    attributes = front.attributes(pool, "vera")
    assert {name: attributes[name] for name in VERIFIED} == VERIFIED
    assert sign_in(front, client, "vera", metadata={"do": "fail"}, password="weak")["AuthenticationResult"]
    assert refused(sign_in, front=front, client=client, username="vera")[0] == "NotAuthorizedException"
    assert front.control("GET", "messages") == {}


def test_a_user_just_brought_gets_the_groups_of_the_other_trigger(front: FrontStack, function: str) -> None:
    _, client = pool_with(front, function, "UserMigration", "PreTokenGeneration")
    answer = {"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}
    for _ in ("brought", "known"):
        tokens = sign_in(front, client, "vera", answer)["AuthenticationResult"]
        claims = claims_of_token(tokens["IdToken"])
        assert claims["cognito:groups"] == ["from-backup"]
        assert json.loads(claims["seen"]) == ["vera", "CONFIRMED", EMAIL]


def test_no_token_is_made_by_a_function_that_does_not_let_cognito_in(
    front: FrontStack, function: str
) -> None:
    shut = make_function(front, "shut", allowed=False)
    pool = front.pool(LambdaConfig={"UserMigration": function, "PreTokenGeneration": shut})
    client = front.app_client(pool, ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"])
    answer = {"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}
    code, message = refused(sign_in, front=front, client=client, username="vera", answer=answer)
    assert code == "UnexpectedLambdaException"
    assert message == "PreTokenGeneration invocation failed due to error AccessDeniedException."


def test_an_administrator_signs_in_for_the_user(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    answer = front.client().admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "vera", "PASSWORD": PASSWORD},
        ClientMetadata=answering({"userAttributes": VERIFIED, "desiredDeliveryMediums": ["EMAIL"]}),
    )
    assert answer["AuthenticationResult"]
    assert front.control("GET", "messages") == {"us-east-1": {"AdminCreateUser": 1}}, "nothing said SUPPRESS"


def test_the_function_sees_who_signs_in_and_with_what(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    code, message = refused(sign_in, front=front, client=client, username="vera", metadata={"do": "show"})
    assert (code, message[:32]) == ("UserLambdaValidationException", "UserMigration failed with error ")
    event = shown(message)
    assert event["triggerSource"] == "UserMigration_Authentication"
    assert (event["userName"], event["request"]["password"]) == ("vera", PASSWORD)
    assert event["request"]["validationData"] == {"do": "show"}
    assert event["callerContext"]["clientId"] == client
    assert set(event["response"].values()) == {None}
    forgotten = {"ClientId": client, "Username": "vera", "ClientMetadata": {"do": "show"}}
    event = shown(refused(front.client().forgot_password, **forgotten)[1])
    assert event["triggerSource"] == "UserMigration_ForgotPassword"
    assert event["request"]["password"] is None
    assert not front.client().list_users(UserPoolId=pool)["Users"]


def test_a_user_who_must_reset_the_password_is_told_so(front: FrontStack, function: str) -> None:
    _, client = pool_with(front, function, "UserMigration")
    answer = {"userAttributes": VERIFIED, "finalUserStatus": "RESET_REQUIRED", "messageAction": "SUPPRESS"}
    code, _ = refused(sign_in, front=front, client=client, username="vera", answer=answer)
    assert code == "PasswordResetRequiredException"


def test_forgot_password_brings_the_user_and_goes_on(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    cognito = front.client()
    sent = cognito.forgot_password(
        ClientId=client,
        Username="vera",
        ClientMetadata=answering({"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}),
    )
    assert sent["CodeDeliveryDetails"]["Destination"].startswith("v***")
    assert front.control("GET", "messages") == {"us-east-1": {"ForgotPassword": 1}}
    assert cognito.admin_get_user(UserPoolId=pool, Username="vera")["UserStatus"] == "RESET_REQUIRED"
    cognito.confirm_forgot_password(
        ClientId=client, Username="vera", ConfirmationCode="654321", Password=PASSWORD
    )
    assert sign_in(front, client, "vera")["AuthenticationResult"]


def test_a_user_without_a_verified_address_cannot_reset(front: FrontStack, function: str) -> None:
    _, client = pool_with(front, function, "UserMigration")
    answer = answering({"userAttributes": {"email": EMAIL}, "messageAction": "SUPPRESS"})
    forgotten = {"ClientId": client, "Username": "vera", "ClientMetadata": answer}
    assert refused(front.client().forgot_password, **forgotten)[0] == "InvalidParameterException"


def test_unknown_users_look_like_wrong_passwords_where_the_client_hides_them(
    front: FrontStack, function: str
) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    known = front.user(pool, "known", email=EMAIL, email_verified="true")
    front.confirm(pool, known["Username"])
    unmigrated = ("UserNotFoundException", f"Exception migrating user in app client {client}")
    cognito = front.client()
    assert refused(sign_in, front=front, client=client, username="vera") == unmigrated
    assert refused(cognito.forgot_password, ClientId=client, Username="vera") == unmigrated
    flows = ["ALLOW_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH"]
    hiding = front.app_client(pool, PreventUserExistenceErrors="ENABLED", ExplicitAuthFlows=flows)
    wrong = refused(sign_in, front=front, client=hiding, username="known", password="Wrong-horse-1")
    assert refused(sign_in, front=front, client=hiding, username="vera") == wrong
    front.control("DELETE", "messages")
    simulated = cognito.forgot_password(ClientId=hiding, Username="vera@example.com")
    sent = cognito.forgot_password(ClientId=hiding, Username="known")
    assert simulated["CodeDeliveryDetails"] == sent["CodeDeliveryDetails"]
    assert front.control("GET", "messages") == {"us-east-1": {"ForgotPassword": 1}}
    failing = {"ClientId": hiding, "Username": "vera", "ClientMetadata": {"do": "fail"}}
    assert refused(cognito.forgot_password, **failing)[0] == "UserLambdaValidationException"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"userAttributes": VERIFIED, "finalUserStatus": "ARCHIVED"}, "invalid finalUserStatus"),
        ({"userAttributes": VERIFIED, "messageAction": "RESEND"}, "invalid messageAction"),
        ({"userAttributes": VERIFIED, "desiredDeliveryMediums": ["FAX"]}, "invalid desiredDeliveryMediums"),
        ({"userAttributes": {**VERIFIED, "username": "else"}}, "invalid username"),
        ({"userAttributes": {**VERIFIED, "custom:no": "1"}}, "custom:no: Attribute does not exist"),
        ({"userAttributes": {**VERIFIED, "sub": "1"}}, "non-mutable attribute sub"),
    ],
)
def test_answers_that_cognito_does_not_take(
    front: FrontStack, function: str, answer: dict[str, Any], words: str
) -> None:
    pool, client = pool_with(front, function, "UserMigration")
    code, message = refused(sign_in, front=front, client=client, username="vera", answer=answer)
    assert (code, words in message) == ("UserNotFoundException", True)
    assert not front.client().list_users(UserPoolId=pool)["Users"]


def test_a_user_who_came_with_an_alias_gets_the_name_of_the_answer(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration", AliasAttributes=["email"])
    attributes = {"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}
    code, message = refused(sign_in, front=front, client=client, username=EMAIL, answer=attributes)
    assert (code, "email alias" in message) == ("UserNotFoundException", True)
    named = {**attributes, "userAttributes": {**VERIFIED, "username": "vera"}}
    assert sign_in(front, client, EMAIL, named)["AuthenticationResult"]
    assert front.attributes(pool, "vera")["email"] == EMAIL
    taken = {**attributes, "userAttributes": {**VERIFIED, "username": "other"}}
    code, _ = refused(sign_in, front=front, client=client, username="other", answer=taken)
    assert code == "UserNotFoundException", "the alias is somebody else's"
    assert sign_in(front, client, "other", {**taken, "forceAliasCreation": True})["AuthenticationResult"]
    assert front.attributes(pool, "vera")["email_verified"] == "false"


def test_one_user_signing_in_from_many_devices_is_brought_once(front: FrontStack, function: str) -> None:
    pool, client = pool_with(front, function, "UserMigration", UsernameAttributes=["email"])
    answer = {"userAttributes": VERIFIED, "messageAction": "SUPPRESS"}
    with ThreadPoolExecutor(4) as threads:
        signed_in = list(threads.map(lambda _: sign_in(front, client, EMAIL, answer), range(4)))
    assert all("AuthenticationResult" in each for each in signed_in)
    assert len(front.client().list_users(UserPoolId=pool)["Users"]) == 1


def test_other_flows_bring_nobody(front: FrontStack, function: str) -> None:
    _, client = pool_with(front, function, "UserMigration")
    code, _ = refused(
        front.client().initiate_auth,
        ClientId=client,
        AuthFlow="REFRESH_TOKEN_AUTH",
        AuthParameters={"REFRESH_TOKEN": "none"},
        ClientMetadata=answering({"userAttributes": VERIFIED}),
    )
    assert code == "NotAuthorizedException"
