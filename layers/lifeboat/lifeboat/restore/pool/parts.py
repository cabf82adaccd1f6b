"""The parts of the new pool besides its own settings: resource servers, identity providers, domains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lifeboat.cognito.configuration import LEFT_OUT, with_bytes
from lifeboat.restore.pool.new_pool import Arguments, Document, NewPool, Notes

SECRET_OF = {
    "Facebook": "client_secret",
    "Google": "client_secret",
    "LoginWithAmazon": "client_secret",
    "OIDC": "client_secret",
    "SignInWithApple": "private_key",
}
"""The secret that a provider of each type cannot be created without; SAML has none."""

DETAILS_OF = {
    "Facebook": {"api_version", "authorize_scopes", "client_id", "client_secret"},
    "Google": {"authorize_scopes", "client_id", "client_secret"},
    "LoginWithAmazon": {"authorize_scopes", "client_id", "client_secret"},
    "OIDC": {
        "attributes_request_method",
        "attributes_url",
        "authorize_scopes",
        "authorize_url",
        "client_id",
        "client_secret",
        "jwks_uri",
        "oidc_issuer",
        "token_url",
    },
    "SAML": {
        "EncryptedResponses",
        "IDPInit",
        "IDPSignout",
        "MetadataFile",
        "MetadataURL",
        "RequestSigningAlgorithm",
    },
    "SignInWithApple": {"authorize_scopes", "client_id", "key_id", "private_key", "team_id"},
}
"""The ProviderDetails that CreateIdentityProvider takes; others are what Cognito found out by itself
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateIdentityProvider.html)."""


def resource_server(document: Document) -> Arguments:
    """The arguments of CreateResourceServer."""
    return _taken(document, "Identifier", "Name", "Scopes")


def provider(document: Document, notes: Notes) -> Arguments | None:
    """The arguments of CreateIdentityProvider; None if its secret is not in the backup."""
    name, kind = document["ProviderName"], document["ProviderType"]
    details = dict(document.get("ProviderDetails") or {})
    secret = SECRET_OF.get(kind, "")
    if secret and not details.get(secret):
        notes.append(
            f"the identity provider {name} ({kind}) is not there, because its {secret} is not in the backup: "
            "nobody can sign in by it until you create it and add it to the app clients; with the parameter "
            "CaptureClientSecrets=true exports capture the secrets that Cognito shows"
        )
        return None
    known = DETAILS_OF.get(kind, details.keys())
    details = {key: value for key, value in details.items() if key in known and value}
    if "MetadataURL" in details:
        details.pop("MetadataFile", None)
    arguments = _taken(document, "ProviderName", "ProviderType", "AttributeMapping", "IdpIdentifiers")
    return {**arguments, "ProviderDetails": details}


def tell_providers(created: list[Arguments], notes: Notes) -> None:
    """Note what identity providers must be told of a new pool: they know the old one's address."""
    names = sorted(each["ProviderName"] for each in created)
    if names:
        notes.append(
            f"tell the identity providers {', '.join(names)} of the new pool: its domain's addresses "
            "(/oauth2/idpresponse, /saml2/idpresponse), and for SAML urn:amazon:cognito:sp:<pool id> and, if "
            "responses are encrypted, its certificate"
        )


def domain(document: Document, new: NewPool, notes: Notes) -> Arguments | None:
    """The arguments of CreateUserPoolDomain; None for a custom domain whose certificate is not mapped."""
    arguments = _taken(document, "Domain", "ManagedLoginVersion")
    custom = document.get("CustomDomainConfig") or {}
    certificate = custom.get("CertificateArn", "")
    if not certificate:
        return arguments
    if certificate not in new.arn_map:
        notes.append(
            f"the custom domain {document['Domain']} is not there: a name can lead to one pool only, and its "
            f"certificate {certificate} is not in ArnMap; map it, or create the domain once the old pool has "
            "given it up"
        )
        return None
    notes.append(
        f"the custom domain {document['Domain']} leads to the new pool once its DNS record names the new "
        "domain's CloudFront distribution (DescribeUserPoolDomain)"
    )
    if document.get("Routing"):
        notes.append(f"the custom domain {document['Domain']} has no routing to a replica; set it by hand")
    return {**arguments, "CustomDomainConfig": {**custom, "CertificateArn": new.arn_map[certificate]}}


def pages(document: Document, owner: str, notes: Notes) -> Arguments | None:
    """The arguments of SetUICustomization without the client; None if there is no style sheet."""
    if document.get("ImageUrl"):
        notes.append(
            f"the logo of the sign-in pages of {owner} cannot be read back from Cognito; upload it again"
        )
    return {"CSS": document["CSS"]} if document.get("CSS") else None


def branding(document: Document, owner: str, notes: Notes) -> Arguments:
    """The arguments of CreateManagedLoginBranding without the client."""
    if document.get("UseCognitoProvidedValues"):
        return {"UseCognitoProvidedValues": True}
    assets = with_bytes(document.get("Assets") or [])
    whole = [asset for asset in assets if asset.get("Bytes") or asset.get("ResourceId")]
    if len(whole) < len(assets):
        notes.append(
            f"{len(assets) - len(whole)} images of the branding of {owner} are not in the backup; upload them"
        )
    arguments: Arguments = {}
    if document.get("Settings"):
        arguments["Settings"] = document["Settings"]
    if whole:
        arguments["Assets"] = whole
    return arguments or {"UseCognitoProvidedValues": True}


def risk(document: Document, owner: str, new: NewPool, notes: Notes) -> Arguments:
    """The arguments of SetRiskConfiguration without the client.

    Without a sender nobody can be notified, so then no action asks for it.
    """
    arguments = _taken(document, "CompromisedCredentialsRiskConfiguration", "RiskExceptionConfiguration")
    takeover = dict(document.get("AccountTakeoverRiskConfiguration") or {})
    if not takeover:
        return arguments
    notify = takeover.pop("NotifyConfiguration", None) or {}
    source = notify.get("SourceArn", "")
    if source in new.arn_map:
        takeover["NotifyConfiguration"] = {**notify, "SourceArn": new.arn_map[source]}
    elif notify:
        takeover["Actions"] = {
            level: {**action, "Notify": False} for level, action in takeover.get("Actions", {}).items()
        }
        notes.append(
            f"users of {owner} are not told of risky sign-ins, because the sender is of the lost Region; "
            f"verify one in Amazon SES in {new.region} and set it (SetRiskConfiguration), or map its ARN in "
            "ArnMap"
        )
    return {**arguments, "AccountTakeoverRiskConfiguration": takeover}


def logs(document: Document, new: NewPool, notes: Notes) -> Arguments | None:
    """The arguments of SetLogDeliveryConfiguration; None if no destination is mapped."""
    kept: list[dict[str, Any]] = []
    lost: list[str] = []
    for entry in document.get("LogConfigurations") or []:
        mapped = {name: _destination(value, new.arn_map) for name, value in entry.items()}
        if None in mapped.values():
            lost.append(f"{entry['EventSource']} ({', '.join(_arns(entry))})")
        else:
            kept.append(mapped)
    if lost:
        notes.append(
            f"the pool's logs are not delivered for {' and '.join(lost)}: map the destination in ArnMap, or "
            "set one of the new Region (SetLogDeliveryConfiguration)"
        )
    return {"LogConfigurations": kept} if kept else None


def secrets_left_out(document: Document) -> list[str]:
    """The names of the secrets that a part has and the backup has not."""
    return list(document.get(LEFT_OUT, []))


def _destination(value: Any, arn_map: Mapping[str, str]) -> Any:
    """A destination of logs with its ARN replaced; None if that is not mapped. Other values as they are."""
    if not isinstance(value, Mapping):
        return value
    if any(arn not in arn_map for arn in value.values()):
        return None
    return {name: arn_map[arn] for name, arn in value.items()}


def _arns(entry: Mapping[str, Any]) -> list[str]:
    return [arn for value in entry.values() if isinstance(value, Mapping) for arn in value.values()]


def _taken(document: Document, *names: str) -> Arguments:
    return {name: document[name] for name in names if document.get(name) not in (None, "", [], {})}
