"""The new pool's app clients. Their ids are new, which nobody can choose; their secrets can stay the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from lifeboat.restore.pool.new_pool import Arguments, Document, NewPool, Notes
from lifeboat.restore.pool.parts import secrets_left_out
from lifeboat.restore.pool.schema import DEVELOPER

NOT_SENT = frozenset(
    {
        "AnalyticsConfiguration",
        "ClientId",
        "CreationDate",
        "LastModifiedDate",
        "SecretsLeftOut",
        "UserPoolId",
    }
)

STANDARD_SCOPES = frozenset({"aws.cognito.signin.user.admin", "email", "openid", "phone", "profile"})
LOCAL_USERS = "COGNITO"

FEW = 20
"""Names that a note lists; of more it tells the number."""


@dataclass(frozen=True, slots=True)
class AppClient:
    """An app client to be created: its id in the backup, and the arguments of CreateUserPoolClient."""

    old_id: str
    arguments: Arguments

    @property
    def name(self) -> str:
        """Its name, which others may have as well."""
        return str(self.arguments["ClientName"])

    def fitted(self, providers: Collection[str], scopes: Collection[str]) -> tuple[Arguments, list[str]]:
        """The arguments for a pool with these identity providers and scopes, and in words what is left out.

        Cognito refuses a client that names one that is not there.
        """
        arguments = dict(self.arguments)
        absent: list[str] = []
        for field, there, what in (
            ("SupportedIdentityProviders", {LOCAL_USERS, *providers}, "identity provider"),
            ("AllowedOAuthScopes", {*STANDARD_SCOPES, *scopes}, "scope"),
        ):
            asked = arguments.get(field, [])
            if any(each not in there for each in asked):
                arguments[field] = [each for each in asked if each in there]
                absent += [f"the {what} {each}" for each in asked if each not in there]
        return arguments, absent


def app_clients(documents: dict[str, Document], new: NewPool, notes: Notes) -> list[AppClient]:
    """The clients to create, by their old ids and in the order of these."""
    renewed: list[str] = []
    clients: list[AppClient] = []
    for old_id, document in sorted(documents.items()):
        arguments = {
            name: value
            for name, value in document.items()
            if name not in NOT_SENT and value not in (None, "", {})
        }
        for field in ("ReadAttributes", "WriteAttributes"):
            if field in arguments:
                arguments[field] = [each for each in arguments[field] if not each.startswith(DEVELOPER)]
                if not arguments[field]:
                    del arguments[field]
        if secrets_left_out(document) and not arguments.get("ClientSecret"):
            arguments["GenerateSecret"] = True
            renewed.append(arguments["ClientName"])
        arguments |= _analytics(document, new, notes)
        clients.append(AppClient(old_id, arguments))
    if renewed:
        notes.append(
            f"the app clients {few(renewed)} have new secrets, because the old ones are not in the backup: "
            "give them to the applications (DescribeUserPoolClient); with the parameter "
            "CaptureClientSecrets=true exports capture the secrets, and new clients keep them"
        )
    if clients:
        notes.append(
            f"the {len(clients)} app clients have new ids, which nobody can choose: give them to the "
            "applications (the map lies in maps/clients.csv), as well as the new pool's id"
        )
    return clients


def few(names: list[str]) -> str:
    """The names, or the first of them and how many more there are."""
    more = f" and {len(names) - FEW} more" if len(names) > FEW else ""
    return ", ".join(names[:FEW]) + more


def _analytics(document: Document, new: NewPool, notes: Notes) -> Arguments:
    """AnalyticsConfiguration with its ARNs replaced; nothing if one of them is not mapped."""
    before = document.get("AnalyticsConfiguration") or {}
    arns = {name: before[name] for name in ("ApplicationArn", "RoleArn") if before.get(name)}
    if not before:
        return {}
    if "ApplicationArn" in arns and all(arn in new.arn_map for arn in arns.values()):
        mapped = {name: new.arn_map[arn] for name, arn in arns.items()}
        others = {name: value for name, value in before.items() if name != "ApplicationId"}
        return {"AnalyticsConfiguration": {**others, **mapped}}
    notes.append(
        f"the app client {document['ClientName']} sends no analytics, because the application it sends them "
        "to is of the lost Region; set AnalyticsConfiguration, or map its ARN and its role's in ArnMap"
    )
    return {}
