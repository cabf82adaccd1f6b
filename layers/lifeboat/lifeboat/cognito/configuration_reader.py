"""Reading a pool's configuration, part by part and within the request budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from lifeboat.cognito.calls import call
from lifeboat.cognito.configuration import (
    ALL,
    Part,
    document_of,
    part_name,
    same_risk,
    says_nothing,
    split_name,
)
from lifeboat.errors import CognitoRefused, ResourceNotFound
from lifeboat.model import PoolConfiguration
from lifeboat.pacing import Budget, Category, TokenBucket

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PAGE = 60
"""The largest page of ListUserPoolClients and ListIdentityProviders."""

RESOURCE_SERVERS_PAGE = 50

Answer = Mapping[str, Any]


class ConfigurationReader:
    """Reads one pool's configuration.

    Each operation on one pool is held to a rate of its own, so each has a bucket of its own. Called one
    after the other they stay within their category too: no more than three take turns.
    """

    def __init__(
        self,
        client: CognitoIdentityProviderClient,
        pool_id: str,
        budget: Budget,
        with_secrets: bool = False,
    ) -> None:
        self._client = client
        self.pool_id = pool_id
        self._with_secrets = with_secrets
        self._pools = budget.bucket(Category.USER_POOL_READ)
        self._clients = budget.bucket(Category.USER_POOL_CLIENT_READ)
        self._client_lists = budget.bucket(Category.USER_POOL_CLIENT_READ)
        self._resources = _buckets(budget)
        self._resource_lists = _buckets(budget)

    def describe(self) -> Answer:
        """DescribeUserPool's `UserPool`. Raises ResourceNotFound."""
        return call(self._pools, self._client.describe_user_pool, UserPoolId=self.pool_id)["UserPool"]

    def names(self) -> tuple[list[str], dict[Part, CognitoRefused]]:
        """The names of all parts that there may be, and the kinds that Cognito refuses to list, with why.

        Raises ResourceNotFound when the pool is gone.
        """
        description = self.describe()
        names = [part_name(kind) for kind in (Part.CONFIG, Part.MFA, Part.LOGS)]
        names += [part_name(kind, ALL) for kind in (Part.UI, Part.RISK)]
        domains = (description.get(field) for field in ("Domain", "CustomDomain"))
        names += [part_name(Part.DOMAIN, domain) for domain in domains if domain]
        refused: dict[Part, CognitoRefused] = {}
        for kinds, listing in (
            ((Part.RESOURCE_SERVER,), self._resource_servers),
            ((Part.IDP,), self._providers),
            ((Part.CLIENT, Part.UI, Part.BRANDING, Part.RISK), self._client_ids),
        ):
            try:
                names += [part_name(kind, each) for each in dict.fromkeys(listing()) for kind in kinds]
            except CognitoRefused as error:
                refused[kinds[0]] = error
        return names, refused

    def part(self, name: str) -> PoolConfiguration | None:
        """A part as it is kept; None if there is none.

        Raises CognitoRefused when the pool's plan or the account does not allow to read it, and
        ResourceNotFound for CONFIG when the pool is gone.
        """
        kind, identifier = split_name(name)
        try:
            answer = self._answer(kind, identifier)
        except ResourceNotFound:
            if kind is Part.CONFIG:
                raise
            return None
        document = document_of(kind, answer, self._with_secrets)
        if says_nothing(kind, document) or not self._is_its_own(kind, identifier, document):
            return None
        return PoolConfiguration(name, document)

    def _is_its_own(self, kind: Part, identifier: str, document: Answer) -> bool:
        """Whether the answer is about what was asked for, and not what is inherited from elsewhere.

        Asked for a client that has no settings of its own, GetUICustomization answers with the pool's
        (https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUICustomization.html);
        what DescribeRiskConfiguration does then is not documented.
        """
        if kind is Part.DOMAIN:
            return document.get("UserPoolId") == self.pool_id
        if kind not in (Part.UI, Part.RISK) or identifier == ALL:
            return True
        if document.get("ClientId") != identifier:
            return False
        return kind is Part.UI or not same_risk(document, self._risk_of_the_pool)

    @cached_property
    def _risk_of_the_pool(self) -> Answer:
        try:
            return self._risk({})
        except ResourceNotFound:
            return {}

    def _answer(self, kind: Part, identifier: str) -> Answer:
        if kind is Part.CONFIG:
            return self.describe()
        if kind is Part.MFA:
            return call(self._pools, self._client.get_user_pool_mfa_config, UserPoolId=self.pool_id)
        if kind is Part.CLIENT:
            return call(
                self._clients,
                self._client.describe_user_pool_client,
                UserPoolId=self.pool_id,
                ClientId=identifier,
            )["UserPoolClient"]
        if kind is Part.RISK:
            return self._risk(_client_argument(identifier))
        return self._resource(kind, identifier)

    def _resource(self, kind: Part, identifier: str) -> Answer:
        bucket, client, pool_id = self._resources[kind], self._client, self.pool_id
        if kind is Part.IDP:
            return call(
                bucket, client.describe_identity_provider, UserPoolId=pool_id, ProviderName=identifier
            )["IdentityProvider"]
        if kind is Part.RESOURCE_SERVER:
            return call(bucket, client.describe_resource_server, UserPoolId=pool_id, Identifier=identifier)[
                "ResourceServer"
            ]
        if kind is Part.DOMAIN:
            answer: Answer = call(bucket, client.describe_user_pool_domain, Domain=identifier)
            return answer.get("DomainDescription") or {}
        if kind is Part.UI:
            answer = call(
                bucket, client.get_ui_customization, UserPoolId=pool_id, **_client_argument(identifier)
            )
            return answer.get("UICustomization") or {}
        if kind is Part.BRANDING:
            answer = call(
                bucket,
                client.describe_managed_login_branding_by_client,
                UserPoolId=pool_id,
                ClientId=identifier,
                ReturnMergedResources=False,
            )
            return answer.get("ManagedLoginBranding") or {}
        answer = call(bucket, client.get_log_delivery_configuration, UserPoolId=pool_id)
        return answer.get("LogDeliveryConfiguration") or {}

    def _risk(self, client_argument: dict[str, str]) -> Answer:
        answer: Answer = call(
            self._resources[Part.RISK],
            self._client.describe_risk_configuration,
            UserPoolId=self.pool_id,
            **client_argument,
        )
        return answer.get("RiskConfiguration") or {}

    def _client_ids(self) -> Iterator[str]:
        for page in _pages(
            lambda token: call(
                self._client_lists,
                self._client.list_user_pool_clients,
                UserPoolId=self.pool_id,
                MaxResults=PAGE,
                **token,
            )
        ):
            yield from (entry["ClientId"] for entry in page.get("UserPoolClients", []))

    def _providers(self) -> Iterator[str]:
        for page in _pages(
            lambda token: call(
                self._resource_lists[Part.IDP],
                self._client.list_identity_providers,
                UserPoolId=self.pool_id,
                MaxResults=PAGE,
                **token,
            )
        ):
            yield from (entry["ProviderName"] for entry in page.get("Providers", []))

    def _resource_servers(self) -> Iterator[str]:
        for page in _pages(
            lambda token: call(
                self._resource_lists[Part.RESOURCE_SERVER],
                self._client.list_resource_servers,
                UserPoolId=self.pool_id,
                MaxResults=RESOURCE_SERVERS_PAGE,
                **token,
            )
        ):
            yield from (entry["Identifier"] for entry in page.get("ResourceServers", []))


def _buckets(budget: Budget) -> defaultdict[Part, TokenBucket]:
    return defaultdict(lambda: budget.bucket(Category.USER_POOL_RESOURCE_READ))


def _client_argument(identifier: str) -> dict[str, str]:
    return {} if identifier == ALL else {"ClientId": identifier}


def _pages(fetch: Callable[[dict[str, str]], Answer]) -> Iterator[Answer]:
    token: dict[str, str] = {}
    while True:
        page = fetch(token)
        yield page
        if not page.get("NextToken"):
            return
        token = {"NextToken": page["NextToken"]}
