"""What the backup knows of one user: every version it keeps, and since when and until when each held."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.model import Kind, now
from lifeboat.store.items import membership_from, user_from
from lifeboat.store.table import BackupTable
from lifeboat.store.user_versions import user_versions
from lifeboat.sync.admin.answer import ApiResponse, answer, response, unknown_user
from lifeboat.sync.admin.request import ApiRequest, before_of, user_of

MOST_VERSIONS = 100
MOST_BYTES = 4_000_000
"""An answer holds at most so much: Lambda's are limited to 6 MB."""


@dataclass(frozen=True, slots=True)
class UserHistory:
    """Answers with the history of users."""

    group: str
    table: BackupTable

    def get(self, request: ApiRequest) -> ApiResponse:
        """The versions of a user, those that began last first, and its memberships."""
        return answer(request, self.group, self._get)

    def _get(self, request: ApiRequest, by: str) -> ApiResponse:
        sub, before = user_of(request), before_of(request)
        present, earlier = user_versions(self.table, sub, now())
        if not present and not earlier:
            return unknown_user()
        everything = sorted([*present, *earlier], key=lambda item: str(item["valid_from"]), reverse=True)
        users = [item for item in everything if item["kind"] == Kind.USER.value]
        asked = [item for item in users if not before or item["valid_from"] < before]
        versions = list(_fitting(map(_version, asked)))
        document = {
            "userId": sub,
            "present": any(item["kind"] == Kind.USER.value for item in present),
            "versions": versions,
            "memberships": [
                _membership(item) for item in everything if item["kind"] == Kind.MEMBERSHIP.value
            ],
        }
        if len(versions) < len(asked):
            document["next"] = versions[-1]["validFrom"]
        return response(200, document)


def _version(item: Mapping[str, Any]) -> dict[str, Any]:
    user = user_from(item)
    return {
        **_interval(item),
        "username": user.username,
        "attributes": dict(user.attributes),
        "enabled": user.enabled,
        "status": user.status,
        "secondFactors": sorted(user.mfa_factors),
        "createdAt": user.created_at,
        "modifiedAt": user.modified_at,
    }


def _membership(item: Mapping[str, Any]) -> dict[str, Any]:
    return {**_interval(item), "group": membership_from(item).group_name}


def _interval(item: Mapping[str, Any]) -> dict[str, Any]:
    return {"validFrom": item["valid_from"], "validTo": item.get("valid_to")}


def _fitting(versions: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    size = 0
    for number, version in enumerate(versions):
        size += len(json.dumps(version, ensure_ascii=False).encode())
        if number and (number >= MOST_VERSIONS or size > MOST_BYTES):
            return
        yield version
