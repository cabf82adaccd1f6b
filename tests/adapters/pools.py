"""User pools to export and to restore into, with users in any state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from moto.cognitoidp.models import CognitoIdpGroup, CognitoIdpUser, CognitoIdpUserPool, cognitoidp_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from lifeboat.cognito.reader import Listed, PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.model import Group, User
from lifeboat.pacing import Budget

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

UNLIMITED = Budget(share=100_000_000, workers=1)
SHARD = "ab"
"""The shard of all made-up users, so that a test need not look through the other 255."""


@dataclass
class Pool:
    """One pool of moto's, filled without the API where the API cannot make such users."""

    client: CognitoIdentityProviderClient
    pool_id: str
    _made: int = field(default=0)

    def reader(self) -> PoolReader:
        return PoolReader(self.client, self.pool_id, UNLIMITED)

    def writer(self) -> PoolWriter:
        return PoolWriter(self.client, self.pool_id, UNLIMITED)

    def add(
        self,
        username: str,
        attributes: Mapping[str, str] | None = None,
        groups: Iterable[str] = (),
        status: str = "CONFIRMED",
        enabled: bool = True,
        password: str = "Known-to-0thers",
        sub: str | None = None,
    ) -> str:
        """Put a user into the pool; returns its sub."""
        self._made += 1
        pairs = [{"Name": name, "Value": value} for name, value in (attributes or {}).items()]
        user = CognitoIdpUser(self.pool_id, username, password, status, pairs)
        user.id = sub or f"{SHARD}000000-0000-4000-8000-{self._made:012}"
        user.update_attributes([{"Name": "sub", "Value": user.id}])
        user.enabled = enabled
        self.inside.users[user.username] = user
        for name in groups:
            self.inside.groups[name].users.add(user)
            user.groups.add(self.inside.groups[name])
        return user.id

    def change(self, username: str, **attributes: str) -> None:
        self.client.admin_update_user_attributes(
            UserPoolId=self.pool_id,
            Username=username,
            UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
        )

    def remove(self, username: str) -> None:
        self.client.admin_delete_user(UserPoolId=self.pool_id, Username=username)
        for group in self.inside.groups.values():
            group.users = {user for user in group.users if user.username != username}

    def add_group(self, name: str, Description: str = "", **properties: Any) -> None:  # noqa: N803
        group = CognitoIdpGroup(self.pool_id, name, Description, properties.get("RoleArn"), None)  # type: ignore[arg-type]
        group.precedence = properties.get("Precedence")  # type: ignore[assignment]
        self.inside.groups[name] = group

    def remove_group(self, name: str) -> None:
        self.client.delete_group(UserPoolId=self.pool_id, GroupName=name)

    def users(self) -> dict[str, User]:
        """All users by username."""
        return {user.username: user for user in self.reader().users()}

    def groups(self) -> dict[str, Group]:
        """All groups by name."""
        return {group.name: group for group in self.reader().groups()}

    def groups_of(self, username: str) -> set[str]:
        return {
            name for name, group in self.inside.groups.items() if self.inside.users[username] in group.users
        }

    def password_of(self, username: str) -> str | None:
        return self.inside.users[username].password

    @property
    def inside(self) -> CognitoIdpUserPool:
        region = self.client.meta.region_name
        return cognitoidp_backends[DEFAULT_ACCOUNT_ID][region].user_pools[self.pool_id]


def asked_of(client: Any, operation: str) -> list[dict[str, Any]]:
    """The arguments of every call of an operation from now on."""
    asked: list[dict[str, Any]] = []
    service = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(
        f"provide-client-params.{service}.{operation}", lambda params, **_: asked.append(params)
    )
    return asked


@contextmanager
def listing_shows(listing: str, change: Callable[[list[Any]], list[Any]]) -> Iterator[None]:
    """Let the pages of a reader's `user_pages`, `member_pages` or `group_pages` show something else."""
    whole = getattr(PoolReader, listing)

    def changed(self: PoolReader, *args: Any, **kwargs: Any) -> Iterator[Listed[Any]]:
        for page in whole(self, *args, **kwargs):
            yield Listed(change(page.entries), page.following)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PoolReader, listing, changed)
        yield


@contextmanager
def failing(
    client: Any, operation: str, error: Exception | Callable[[str], Exception], call: int = 1
) -> Iterator[None]:
    """Let the so-manieth call of an operation and all after it fail; an error may depend on the request."""
    event = f"before-call.{client.meta.service_model.service_id.hyphenize()}.{operation}"
    calls = 0

    def fail(params: Mapping[str, Any], **_: Any) -> None:
        nonlocal calls
        calls += 1
        if calls >= call:
            raise error if isinstance(error, Exception) else error(params["body"].decode())

    client.meta.events.register(event, fail)
    try:
        yield
    finally:
        client.meta.events.unregister(event, fail)
