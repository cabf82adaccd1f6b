"""Making a user pool with all its parts, within the request budget. Nothing here sends anybody a message."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from lifeboat.cognito.calls import call
from lifeboat.errors import ResourceNotFound
from lifeboat.pacing import Budget, Category

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

PAGE = 60
"""The largest page of ListUserPools and ListUserPoolClients."""


class PoolMaker:
    """Makes pools, and finds those that were made.

    `client` must not repeat requests by itself: a pool that was made, but whose answer was lost, would be
    made again.
    """

    def __init__(self, client: CognitoIdentityProviderClient, budget: Budget) -> None:
        self._client = client
        self._reads = budget.bucket(Category.USER_POOL_READ)
        self._writes = budget.bucket(Category.USER_POOL_UPDATE)

    def make(self, arguments: Any) -> str:
        """CreateUserPool; returns the new pool's id. Raises CognitoRefused."""
        return call(self._writes, self._client.create_user_pool, **arguments)["UserPool"]["Id"]

    def find(self, name: str, tag: str, value: str) -> str | None:
        """The id of the pool of this Region with a name and a tag; None if there is none.

        Any number of pools may have the same name, and listings do not show tags.
        """
        for pool_id in self._ids(name):
            try:
                pool = call(self._reads, self._client.describe_user_pool, UserPoolId=pool_id)["UserPool"]
            except ResourceNotFound:
                continue
            if pool.get("UserPoolTags", {}).get(tag) == value:
                return pool_id
        return None

    def _ids(self, name: str) -> Iterator[str]:
        token: dict[str, Any] = {}
        while True:
            page = call(self._reads, self._client.list_user_pools, MaxResults=PAGE, **token)
            yield from (entry["Id"] for entry in page.get("UserPools", []) if entry["Name"] == name)
            if not page.get("NextToken"):
                return
            token = {"NextToken": page["NextToken"]}


class PartMaker:
    """Makes the parts of one pool. Each raises CognitoRefused for what this pool cannot have.

    What sets a part may be repeated, what creates one may not; so `client` must not do so by itself.
    """

    def __init__(self, client: CognitoIdentityProviderClient, pool_id: str, budget: Budget) -> None:
        self._client = client
        self.pool_id = pool_id
        self._pool_reads = budget.bucket(Category.USER_POOL_READ)
        self._pools = budget.bucket(Category.USER_POOL_UPDATE)
        self._resources = budget.bucket(Category.USER_POOL_RESOURCE_UPDATE)
        self._clients = budget.bucket(Category.USER_POOL_CLIENT_UPDATE)
        self._reads = budget.bucket(Category.USER_POOL_RESOURCE_READ)
        self._client_lists = budget.bucket(Category.USER_POOL_CLIENT_READ)

    def set_mfa(self, arguments: Any) -> None:
        """SetUserPoolMfaConfig."""
        call(self._pools, self._client.set_user_pool_mfa_config, UserPoolId=self.pool_id, **arguments)

    def add_attributes(self, arguments: Any) -> None:
        """AddCustomAttributes."""
        call(self._resources, self._client.add_custom_attributes, UserPoolId=self.pool_id, **arguments)

    def attributes(self) -> set[str]:
        """The names of the pool's attributes, from DescribeUserPool."""
        answer = call(self._pool_reads, self._client.describe_user_pool, UserPoolId=self.pool_id)
        return {entry["Name"] for entry in answer["UserPool"].get("SchemaAttributes", [])}

    def create_resource_server(self, arguments: Any) -> None:
        """CreateResourceServer."""
        call(self._resources, self._client.create_resource_server, UserPoolId=self.pool_id, **arguments)

    def create_provider(self, arguments: Any) -> None:
        """CreateIdentityProvider."""
        call(self._resources, self._client.create_identity_provider, UserPoolId=self.pool_id, **arguments)

    def create_domain(self, arguments: Any) -> None:
        """CreateUserPoolDomain. A prefix is unique in a Region, a custom domain in the world."""
        call(self._resources, self._client.create_user_pool_domain, UserPoolId=self.pool_id, **arguments)

    def has_resource_server(self, identifier: str) -> bool:
        """DescribeResourceServer."""
        return self._there(self._client.describe_resource_server, Identifier=identifier)

    def has_provider(self, name: str) -> bool:
        """DescribeIdentityProvider."""
        return self._there(self._client.describe_identity_provider, ProviderName=name)

    def has_domain(self, domain: str) -> bool:
        """DescribeUserPoolDomain: whether it is there and leads to this pool."""
        answer = call(self._reads, self._client.describe_user_pool_domain, Domain=domain)
        return answer.get("DomainDescription", {}).get("UserPoolId") == self.pool_id

    def _there(self, describe: Callable[..., Any], **named: str) -> bool:
        try:
            call(self._reads, describe, UserPoolId=self.pool_id, **named)
        except ResourceNotFound:
            return False
        return True

    def create_client(self, arguments: Any) -> str:
        """CreateUserPoolClient; returns the new client's id."""
        answer = call(
            self._clients, self._client.create_user_pool_client, UserPoolId=self.pool_id, **arguments
        )
        return answer["UserPoolClient"]["ClientId"]

    def client_names(self) -> dict[str, str]:
        """ListUserPoolClients: the name of every app client, by its id."""
        names: dict[str, str] = {}
        token: dict[str, Any] = {}
        while True:
            page = call(
                self._client_lists,
                self._client.list_user_pool_clients,
                UserPoolId=self.pool_id,
                MaxResults=PAGE,
                **token,
            )
            names |= {entry["ClientId"]: entry["ClientName"] for entry in page.get("UserPoolClients", [])}
            if not page.get("NextToken"):
                return names
            token = {"NextToken": page["NextToken"]}

    def set_pages(self, arguments: Any) -> None:
        """SetUICustomization; the pool must have a domain."""
        call(self._resources, self._client.set_ui_customization, UserPoolId=self.pool_id, **arguments)

    def create_branding(self, arguments: Any) -> None:
        """CreateManagedLoginBranding; refused with ManagedLoginBrandingExistsException if it is there."""
        call(
            self._resources, self._client.create_managed_login_branding, UserPoolId=self.pool_id, **arguments
        )

    def set_risk(self, arguments: Any) -> None:
        """SetRiskConfiguration."""
        call(self._resources, self._client.set_risk_configuration, UserPoolId=self.pool_id, **arguments)

    def set_logs(self, arguments: Any) -> None:
        """SetLogDeliveryConfiguration."""
        call(
            self._resources, self._client.set_log_delivery_configuration, UserPoolId=self.pool_id, **arguments
        )
