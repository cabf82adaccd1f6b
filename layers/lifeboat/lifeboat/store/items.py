"""How users, groups, memberships and configuration are written as items of the backup table.

Attributes are stored as Cognito gave them. The content hash covers what a restore can use, so a
user whose dates alone moved is unchanged; dates are stored as they were when the item was written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from lifeboat.identities import identity_of
from lifeboat.model import Group, Kind, Membership, PoolConfiguration, User, epoch_after
from lifeboat.store.keys import (
    Key,
    group_key,
    history_key,
    key_of_version,
    membership_key,
    pool_key,
    user_key,
)

Item = dict[str, Any]
"""An item as boto3's resource interface takes and gives it."""


class Change(StrEnum):
    """Why a version was written. Stored with it, so that a repeated write is counted as the first."""

    ADDED = "added"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Draft:
    """The content of an item, before it is known whether it is new."""

    key: Key
    kind: Kind
    content: Mapping[str, Any]
    notes: Mapping[str, Any]

    @property
    def content_hash(self) -> str:
        """128 bits over the content, as hexadecimal digits."""
        text = json.dumps(self.content, ensure_ascii=True, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    def item(self, valid_from: str, change: Change) -> Item:
        """The item, valid from a moment on."""
        return {
            "pk": self.key.pk,
            "sk": self.key.sk,
            "kind": self.kind.value,
            "content_hash": self.content_hash,
            "valid_from": valid_from,
            "change": change.value,
            **self.content,
            **self.notes,
        }


def listing_hash(user: User) -> str:
    """What a listing shows of a user, dates included: while it is the same, the rest is too."""
    draft = draft_user(replace(user, mfa=(), preferred_mfa=""))
    return hashlib.sha256(f"{draft.content_hash} {user.modified_at}".encode()).hexdigest()[:32]


def draft_user(user: User, listed: str = "") -> Draft:
    """The item of a user. `listed` is the listing's hash where more is kept than a listing shows."""
    content: dict[str, Any] = {
        "sub": user.sub,
        "username": user.username,
        "attributes": dict(user.attributes),
        "enabled": user.enabled,
        "status": user.status,
    }
    if user.mfa_options:
        content["mfa_options"] = [dict(option) for option in user.mfa_options]
    if user.mfa:
        content["mfa"] = sorted(user.mfa)
    if user.preferred_mfa:
        content["preferred_mfa"] = user.preferred_mfa
    identity = identity_of(user.attributes) if user.federated else None
    if identity is not None:
        content["identity"] = identity  # puts it into the index ByIdentity
    notes = {"created_at": user.created_at, "modified_at": user.modified_at}
    if listed:
        notes["listing_hash"] = listed
    return Draft(user_key(user.sub), Kind.USER, content, notes)


def draft_group(group: Group) -> Draft:
    """The item of a group; what the group does not have is left out."""
    content: dict[str, Any] = {"name": group.name}
    if group.description is not None:
        content["description"] = group.description
    if group.precedence is not None:
        content["precedence"] = group.precedence
    if group.role_arn is not None:
        content["role_arn"] = group.role_arn
    notes = {"created_at": group.created_at} if group.created_at else {}
    return Draft(group_key(group.name), Kind.GROUP, content, notes)


def draft_membership(membership: Membership) -> Draft:
    """The item of a membership; `member_of` puts it into the index ByGroup."""
    content = {"sub": membership.sub, "member_of": membership.group_name}
    return Draft(membership_key(membership.sub, membership.group_name), Kind.MEMBERSHIP, content, {})


def draft_configuration(configuration: PoolConfiguration) -> Draft:
    """The item of a part of the pool's configuration, kept as JSON text: its numbers stay exact.

    Cognito may add fields of any kind, dates among them; those are kept as text.
    """
    text = json.dumps(configuration.document, ensure_ascii=False, sort_keys=True, default=str)
    return Draft(pool_key(configuration.name), Kind.POOL, {"name": configuration.name, "document": text}, {})


def history_item(item: Mapping[str, Any], valid_to: str, history_days: int) -> Item:
    """An item's earlier version: where history keeps it, until when it held, when it expires.

    The group is moved out of `member_of`, or history would appear in the index; the identity, which the
    attributes hold as well, is left out for the same reason.
    """
    key = history_key(Key(item["pk"], item["sk"]), item["valid_from"])
    earlier = dict(item)
    if "member_of" in earlier:
        earlier["group_name"] = earlier.pop("member_of")
    earlier.pop("identity", None)
    earlier.update(pk=key.pk, sk=key.sk, valid_to=valid_to, expires_at=epoch_after(valid_to, history_days))
    return earlier


def item_of_version(version: Mapping[str, Any]) -> Item:
    """An earlier version under the key that its item had when it held."""
    key = key_of_version(Key(version["pk"], version["sk"]), version["valid_from"])
    return {**version, "pk": key.pk, "sk": key.sk}


def user_from(item: Mapping[str, Any]) -> User:
    """The user of an item."""
    return User(
        sub=item["sub"],
        username=item["username"],
        attributes=dict(item["attributes"]),
        enabled=bool(item["enabled"]),
        status=item["status"],
        created_at=item.get("created_at", ""),
        modified_at=item.get("modified_at", ""),
        mfa_options=tuple(dict(option) for option in item.get("mfa_options", ())),
        mfa=tuple(item.get("mfa", ())),
        preferred_mfa=item.get("preferred_mfa", ""),
    )


def group_from(item: Mapping[str, Any]) -> Group:
    """The group of an item."""
    precedence = item.get("precedence")
    return Group(
        name=item["name"],
        description=item.get("description"),
        precedence=None if precedence is None else int(precedence),
        role_arn=item.get("role_arn"),
    )


def membership_from(item: Mapping[str, Any]) -> Membership:
    """The membership of an item, present or earlier."""
    return Membership(sub=item["sub"], group_name=item.get("member_of") or item["group_name"])


def configuration_from(item: Mapping[str, Any]) -> PoolConfiguration:
    """The pool configuration of an item."""
    return PoolConfiguration(name=item["name"], document=json.loads(item["document"]))
