"""What the product relies on when federated users sign in: their trigger runs, and nobody passes it by."""

from __future__ import annotations

import base64
import http.client
import io
import json
import zipfile
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws

if TYPE_CHECKING:
    from collections.abc import Iterator

REGION = "eu-west-1"  # not the first one: triggers belong to their pool's Region
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
# Adds the group that the user's name asks for, says what it saw, or fails.
TRIGGER = """
import json
def handler(event, context):
    attributes = event["request"]["userAttributes"]
    if attributes.get("name") == "fail":
        raise RuntimeError("no groups today")
    groups = event["request"]["groupConfiguration"]["groupsToOverride"] + ["from-backup"]
    seen = json.dumps([event["version"], event["triggerSource"], event["userName"],
                       attributes["cognito:user_status"], json.loads(attributes.get("identities", "[]"))])
    override = {"groupOverrideDetails": {"groupsToOverride": groups}}
    claims = {"claimsToAddOrOverride": {"seen": seen}}
    if event["version"] == "1":
        event["response"]["claimsOverrideDetails"] = {**override, **claims}
    else:
        event["response"]["claimsAndScopeOverrideDetails"] = {**override, "idTokenGeneration": claims}
    return event
"""
VERSIONS = {"1": "PreTokenGeneration", "2": "PreTokenGenerationConfig"}


@pytest.fixture(scope="module")
def aws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(tmp_path_factory.mktemp("federation")) as running:
        yield running


@pytest.fixture(scope="module")
def trigger(aws: EmbeddedAws) -> str:
    """Return the ARN of the trigger function."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", TRIGGER)
    role = aws.client("iam", REGION).create_role(RoleName="trigger", AssumeRolePolicyDocument=TRUST)
    function = aws.client("lambda", REGION).create_function(
        FunctionName="trigger",
        Role=role["Role"]["Arn"],
        Runtime="python3.13",
        Handler="app.handler",
        Code={"ZipFile": content.getvalue()},
        Timeout=5,
    )
    aws.client("lambda", REGION).add_permission(
        FunctionName="trigger",
        StatementId="pools",
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
        SourceArn=f"arn:aws:cognito-idp:{REGION}:000000000000:userpool/*",
    )
    return str(function["FunctionArn"])


def pool_with(aws: EmbeddedAws, trigger: str, version: str = "1") -> str:
    """Make a pool with a provider and the trigger."""
    cognito = aws.client("cognito-idp", REGION)
    of_version: Any = trigger if version == "1" else {"LambdaArn": trigger, "LambdaVersion": f"V{version}_0"}
    pool = cognito.create_user_pool(PoolName="a pool", LambdaConfig={VERSIONS[version]: of_version})
    pool_id = str(pool["UserPool"]["Id"])
    cognito.create_identity_provider(
        UserPoolId=pool_id,
        ProviderName="Corp",
        ProviderType="SAML",
        ProviderDetails={"MetadataURL": "https://idp.example.com/metadata"},
    )
    return pool_id


def sign_in(aws: EmbeddedAws, pool_id: str, user_id: str, **attributes: str) -> tuple[int, dict[str, Any]]:
    connection = http.client.HTTPConnection(urlsplit(aws.cognito_endpoint_url).netloc, timeout=20)
    user = {"pool_id": pool_id, "provider": "Corp", "user_id": user_id, "attributes": attributes}
    connection.request("POST", "/_front/federated", json.dumps(user))
    response = connection.getresponse()
    answer = response.status, json.loads(response.read())
    connection.close()
    return answer


def claims(token: str) -> dict[str, Any]:
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "===")))


@pytest.mark.parametrize("version", sorted(VERSIONS))
def test_the_trigger_decides_on_the_groups(aws: EmbeddedAws, trigger: str, version: str) -> None:
    pool = pool_with(aws, trigger, version)
    for _ in ("first", "later"):
        status, answer = sign_in(aws, pool, "c-1", email="vera@example.com")
        assert (status, answer["groups"]) == (200, [f"{pool}_Corp", "from-backup"])
        seen_version, source, username, user_status, (identity,) = json.loads(
            claims(answer["id_token"])["seen"]
        )
        assert user_status == "EXTERNAL_PROVIDER"
        assert (seen_version, source, username) == (version, "TokenGeneration_HostedAuth", "Corp_c-1")
        assert (identity["providerName"], identity["userId"]) == ("Corp", "c-1")


def test_a_trigger_that_fails_fails_the_sign_in(aws: EmbeddedAws, trigger: str) -> None:
    status, answer = sign_in(aws, pool_with(aws, trigger), "c-2", name="fail")
    assert (status, answer["code"]) == (400, "UserLambdaValidationException")


def test_a_trigger_that_fails_fails_a_sign_in_by_password(aws: EmbeddedAws, trigger: str) -> None:
    pool = pool_with(aws, trigger)
    cognito = aws.client("cognito-idp", REGION)
    app = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="an app", ExplicitAuthFlows=["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]

    def groups_of(username: str, name: str) -> list[str]:
        cognito.admin_create_user(
            UserPoolId=pool,
            Username=username,
            MessageAction="SUPPRESS",
            UserAttributes=[{"Name": "name", "Value": name}],
        )
        cognito.admin_set_user_password(
            UserPoolId=pool, Username=username, Password="Correct-horse-1", Permanent=True
        )
        answer = cognito.admin_initiate_auth(
            UserPoolId=pool,
            ClientId=app,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": "Correct-horse-1"},
        )
        return list(claims(answer["AuthenticationResult"]["IdToken"])["cognito:groups"])

    assert groups_of("ana", "Ana") == ["from-backup"]
    with pytest.raises(cognito.exceptions.UserLambdaValidationException):
        groups_of("ben", "fail")


def test_what_the_front_answers_itself_needs_permission_too(aws: EmbeddedAws) -> None:
    statement = {"Effect": "Allow", "Action": "cognito-idp:GetLogDeliveryConfiguration", "Resource": "*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    trust = {**statement, "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::000000000000:root"}}
    del trust["Resource"]
    iam = aws.client("iam", REGION)
    role = iam.create_role(
        RoleName="reader", AssumeRolePolicyDocument=json.dumps({**policy, "Statement": [trust]})
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
    session = aws.client("sts", REGION).assume_role(RoleArn=role, RoleSessionName="reader")["Credentials"]
    reader = boto3.client(
        "cognito-idp",
        region_name=REGION,
        endpoint_url=aws.cognito_endpoint_url,
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    pool = aws.client("cognito-idp", REGION).create_user_pool(PoolName="a pool")["UserPool"]["Id"]
    assert reader.get_log_delivery_configuration(UserPoolId=pool)["LogDeliveryConfiguration"]
    with pytest.raises(ClientError) as caught:
        reader.set_log_delivery_configuration(UserPoolId=pool, LogConfigurations=[])
    assert caught.value.response["Error"]["Code"] == "AccessDeniedException"
    reader.close()
