"""The application with live capture and a warm standby, deployed to the embedded AWS as an operator does it.

The primary stack comes first: the backup stack is told the stream of the table's replica, which is there only
then. At last the primary pool is given its PostConfirmation trigger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.deployment import (
    BACKUP,
    BUILD_DIR,
    PRIMARY,
    Deployment,
    build,
    deploy,
    deploy_settings,
    write_stack_file,
)
from local.embedded import EmbeddedAws
from local.fidelity.probing import RESET_CODE
from local.people import POOL_SCHEMA, create_pool
from local.processes import REPOSITORY

NEW_PASSWORD: Final = "Back-2-everybody!"

COMING_BACK: Final = ("ForgotPassword", "ConfirmForgotPassword", "InitiateAuth")
"""The calls of `reset_and_sign_in`."""

UNCHANGEABLE: Final = frozenset({"Schema", "UsernameConfiguration"})
"""What CreateUserPool takes and UpdateUserPool does not."""


@dataclass(frozen=True)
class Live:
    """Both stacks, the pool whose changes are captured, its app client, and the standby pool."""

    embedded: EmbeddedAws
    deployment: Deployment
    client_id: str
    standby_pool_id: str

    @property
    def table(self) -> str:
        """The backup table's name."""
        return self.deployment.primary.outputs["BackupTableName"]

    @property
    def replica(self) -> Any:
        """A DynamoDB client of the backup Region."""
        return self.embedded.client("dynamodb", self.deployment.backup.region)

    @property
    def primary_cognito(self) -> Any:
        """A Cognito client of the primary Region."""
        return self.embedded.client("cognito-idp", self.deployment.primary.region)

    @property
    def backup_cognito(self) -> Any:
        """A Cognito client of the backup Region."""
        return self.embedded.client("cognito-idp", self.deployment.backup.region)


def deploy_live(
    embedded: EmbeddedAws,
    user_pool_id: str,
    overrides: Mapping[str, str] | None = None,
    *,
    of_primary: Mapping[str, str] | None = None,
    build_dir: Path = BUILD_DIR,
) -> Live:
    """Deploy both stacks with LiveSync=WARM_STANDBY, and attach the trigger.

    overrides are parameters of both stacks, of_primary of the primary one alone. Raises EmbeddedAwsError.
    """
    build(REPOSITORY, build_dir)
    settings = {"LiveSync": "WARM_STANDBY", **(overrides or {})}
    primary = deploy(
        embedded,
        PRIMARY,
        overrides={"UserPoolId": user_pool_id, **settings, **(of_primary or {})},
        build_dir=build_dir,
    )
    cognito = embedded.client("cognito-idp", primary.region)
    client_id = cognito.create_user_pool_client(
        UserPoolId=user_pool_id, ClientName="app", ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH"]
    )["UserPoolClient"]["ClientId"]
    region = str(deploy_settings(REPOSITORY, BACKUP)["region"])
    standby_pool_id = create_pool(embedded.client("cognito-idp", region), "people-standby")
    table = primary.outputs["BackupTableName"]
    replica = embedded.client("dynamodb", region).describe_table(TableName=table)["Table"]
    backup = deploy(
        embedded,
        BACKUP,
        overrides={
            "StandbyUserPoolId": standby_pool_id,
            "BackupTableStreamArn": replica["LatestStreamArn"],
            **settings,
        },
        build_dir=build_dir,
    )
    attach(cognito, user_pool_id, PostConfirmation=primary.outputs["PostConfirmationFunctionArn"])
    deployment = Deployment(primary, backup, user_pool_id)
    write_stack_file(embedded, deployment)
    return Live(embedded, deployment, client_id, standby_pool_id)


def attach(cognito: Any, pool_id: str, **triggers: str) -> None:
    """Give a pool made by `create_pool` these triggers; UpdateUserPool resets what it is not told."""
    kept = {name: value for name, value in POOL_SCHEMA.items() if name not in UNCHANGEABLE}
    cognito.update_user_pool(UserPoolId=pool_id, LambdaConfig=triggers, **kept)


def reset_and_sign_in(cognito: Any, client_id: str, name: str) -> Any:
    """Do what a user does who comes back: "Forgot password", the code, a sign-in; return the tokens.

    The app client must allow USER_PASSWORD_AUTH. Cognito's refusals are raised as boto3 raises them.
    """
    user = {"ClientId": client_id, "Username": name}
    cognito.forgot_password(**user)
    cognito.confirm_forgot_password(**user, ConfirmationCode=RESET_CODE, Password=NEW_PASSWORD)
    answer = cognito.initiate_auth(
        ClientId=client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": NEW_PASSWORD},
    )
    return answer["AuthenticationResult"]


def permit(functions: Any, function_arn: str, pool_id: str) -> None:
    """Let a pool call a function of its Region and account."""
    region, account = function_arn.split(":")[3:5]
    functions.add_permission(
        FunctionName=function_arn,
        StatementId=f"pool-{pool_id}",
        Action="lambda:InvokeFunction",
        Principal="cognito-idp.amazonaws.com",
        SourceAccount=account,
        SourceArn=f"arn:aws:cognito-idp:{region}:{account}:userpool/{pool_id}",
    )
