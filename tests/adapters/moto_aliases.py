"""Sign-in aliases as Cognito keeps them, and moto does not: each is one user's, who is found by it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from moto.cognitoidp.exceptions import AliasExistsException
from moto.cognitoidp.models import CognitoIdpBackend, CognitoIdpUser, CognitoIdpUserPool

ADDRESSES = ("email", "phone_number")


def _attributes(user: CognitoIdpUser) -> dict[str, str]:
    return {pair["Name"]: pair["Value"] for pair in user.attributes}


def _aliases(pool: CognitoIdpUserPool, attributes: Mapping[str, str]) -> set[tuple[str, str]]:
    """What a user signs in by, besides the username: an address once it is verified."""
    return {
        (name, attributes[name])
        for name in pool.extended_config.get("AliasAttributes") or ()
        if attributes.get(name)
        and (name not in ADDRESSES or attributes.get(f"{name}_verified", "").lower() == "true")
    }


def keep_aliases(patch: pytest.MonkeyPatch) -> None:
    """Refuse aliases that another user has (AliasExistsException), and find users by them."""
    find = CognitoIdpUserPool._get_user
    update = CognitoIdpBackend.admin_update_user_attributes
    create = CognitoIdpBackend.admin_create_user

    def found(self: CognitoIdpUserPool, username: str) -> Any:
        for user in self.users.values():
            if username in {value for _, value in _aliases(self, _attributes(user))}:
                return user
        return find(self, username)

    def check(pool: CognitoIdpUserPool, username: str, wanted: Mapping[str, str]) -> None:
        for user in pool.users.values():
            if user.username != username and _aliases(pool, wanted) & _aliases(pool, _attributes(user)):
                raise AliasExistsException

    def updated(self: CognitoIdpBackend, pool_id: str, username: str, attributes: list[Any]) -> None:
        pool = self.describe_user_pool(pool_id)
        user = self.admin_get_user(pool_id, username)
        changes = {pair["Name"]: pair["Value"] for pair in attributes}
        check(pool, user.username, {**_attributes(user), **changes})
        update(self, pool_id, username, attributes)

    def created(
        self: CognitoIdpBackend,
        pool_id: str,
        username: str,
        message: Any,
        password: Any,
        attributes: list[Any],
    ) -> Any:
        check(
            self.describe_user_pool(pool_id), username, {each["Name"]: each["Value"] for each in attributes}
        )
        return create(self, pool_id, username, message, password, attributes)

    patch.setattr(CognitoIdpUserPool, "_get_user", found)
    patch.setattr(CognitoIdpBackend, "admin_update_user_attributes", updated)
    patch.setattr(CognitoIdpBackend, "admin_create_user", created)
