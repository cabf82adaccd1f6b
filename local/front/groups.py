"""Groups: their quotas, UpdateGroup, and fields that stay unset.

10,000 groups a pool and 100 groups a user (cognito/latest/developerguide/quotas.html, "Quotas on resource
number and size"): LimitExceededException. ministack has no quotas and no UpdateGroup, and gives a group
without a precedence 0, without a description or role an empty string; what a group was really given is kept
here, for groups made through the front. Deleting a user takes it out of its groups, which ministack forgets.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

from local.front.hooks import Hooks
from local.front.protocol import Answer, Call, CognitoError, success
from local.front.upstream import Upstream

GROUPS_PER_POOL = 10_000
GROUPS_PER_USER = 100
_FIELDS = ("Description", "RoleArn", "Precedence")
_UNSURE = GROUPS_PER_USER // 2  # from here on a user's count is asked for, not remembered


class Groups:
    """A feature: group quotas and group fields. The limits can be lowered for a test."""

    def __init__(
        self,
        upstream: Upstream,
        clock: Callable[[], float] = time.time,
        per_pool: int = GROUPS_PER_POOL,
        per_user: int = GROUPS_PER_USER,
    ) -> None:
        self._upstream = upstream
        self._clock = clock
        self._per_pool = per_pool
        self._per_user = per_user
        self._given: dict[tuple[str, str], dict[str, Any]] = {}
        self._in_pool: Counter[str] = Counter()
        self._of_user: dict[tuple[str, str], int] = {}

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check_pool_quota, "CreateGroup")
        hooks.after(self._created, "CreateGroup")
        hooks.before(self._update, "UpdateGroup")
        hooks.after(self._deleted, "DeleteGroup")
        hooks.after(self._pool_deleted, "DeleteUserPool")
        hooks.after(self._mend, "AdminListGroupsForUser", "GetGroup", "ListGroups")
        hooks.after(self._user_created, "AdminCreateUser")
        hooks.before(self._check_user_quota, "AdminAddUserToGroup")
        hooks.after(self._added, "AdminAddUserToGroup")
        hooks.after(self._removed, "AdminRemoveUserFromGroup")
        hooks.before(self._leave_all, "AdminDeleteUser")

    async def _check_pool_quota(self, call: Call) -> None:
        if call.pool_id not in self._in_pool or self._in_pool[call.pool_id] >= self._per_pool:
            pages = self._upstream.pages(
                call.region, call.access_key, "ListGroups", UserPoolId=call.pool_id, Limit=60
            )
            try:
                self._in_pool[call.pool_id] = sum([len(page["Groups"]) async for page in pages])
            except CognitoError:  # no such pool: the call itself will say so
                return
        if self._in_pool[call.pool_id] >= self._per_pool:
            raise CognitoError("LimitExceededException", "Exceeded maximum number of groups per user pool.")

    async def _created(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._in_pool[call.pool_id] += 1
            self._given[call.pool_id, str(call.data["GroupName"])] = _given(call.data)
        return await self._mend(call, answer)

    async def _update(self, call: Call) -> Answer:
        """Answer UpdateGroup: what is given replaces what there was (API_UpdateGroup.html)."""
        name = str(call.data["GroupName"])
        found = await self._upstream.ask(
            call.region, call.access_key, "GetGroup", UserPoolId=call.pool_id, GroupName=name
        )
        group = self._mended(call.pool_id, found["Group"])
        given = {field: group[field] for field in _FIELDS if field in group} | _given(call.data)
        self._given[call.pool_id, name] = given | {"LastModifiedDate": self._clock()}
        return success({"Group": self._mended(call.pool_id, found["Group"])})

    async def _deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._in_pool[call.pool_id] -= 1
            self._given.pop((call.pool_id, str(call.data["GroupName"])), None)
            # Its members are in one group fewer now; who they were is not known here.
            self._of_user = {key: count for key, count in self._of_user.items() if key[0] != call.pool_id}
        return answer

    async def _pool_deleted(self, call: Call, answer: Answer) -> Answer:
        if answer.ok:
            self._in_pool.pop(call.pool_id, None)
            self._given = {key: given for key, given in self._given.items() if key[0] != call.pool_id}
            self._of_user = {key: count for key, count in self._of_user.items() if key[0] != call.pool_id}
        return answer

    async def _mend(self, call: Call, answer: Answer) -> Answer:
        if not answer.ok:
            return answer
        data = answer.data
        if "Group" in data:
            data["Group"] = self._mended(call.pool_id, data["Group"])
        if "Groups" in data:
            data["Groups"] = [self._mended(call.pool_id, group) for group in data["Groups"]]
        return success(data)

    def _mended(self, pool_id: str, group: dict[str, Any]) -> dict[str, Any]:
        """Return a group with the fields it was given, and no others."""
        given = self._given.get((pool_id, group["GroupName"]))
        if given is None:
            return {name: value for name, value in group.items() if value != ""}
        return {name: value for name, value in group.items() if name not in _FIELDS} | given

    async def _user_created(self, call: Call, answer: Answer) -> Answer:
        if answer.ok and call.data.get("MessageAction") != "RESEND":
            self._of_user[call.pool_id, str(call.data["Username"])] = 0
            self._of_user[call.pool_id, str(answer.data["User"]["Username"])] = 0
        return answer

    async def _check_user_quota(self, call: Call) -> None:
        key = (call.pool_id, str(call.data["Username"]))
        count = self._of_user.get(key)
        if count is not None and count < min(_UNSURE, self._per_user):
            return
        names = await self._groups_of_user(call)
        if names is None:
            return
        self._of_user[key] = len(names)
        if len(names) >= self._per_user and call.data["GroupName"] not in names:
            text = f"Exceeded maximum number of groups per user: {self._per_user}."
            raise CognitoError("LimitExceededException", text)

    async def _added(self, call: Call, answer: Answer) -> Answer:
        key = (call.pool_id, str(call.data["Username"]))
        if answer.ok and key in self._of_user:
            self._of_user[key] += 1
        return answer

    async def _removed(self, call: Call, answer: Answer) -> Answer:
        self._of_user.pop((call.pool_id, str(call.data["Username"])), None)
        return answer

    async def _leave_all(self, call: Call) -> None:
        username = str(call.data["Username"])
        for name in await self._groups_of_user(call) or ():
            await self._upstream.ask(
                call.region,
                call.access_key,
                "AdminRemoveUserFromGroup",
                UserPoolId=call.pool_id,
                Username=username,
                GroupName=name,
            )
        self._of_user.pop((call.pool_id, username), None)

    async def _groups_of_user(self, call: Call) -> set[str] | None:
        """Return the names of the groups a call's user is in, None if there is no such user."""
        pages = self._upstream.pages(
            call.region,
            call.access_key,
            "AdminListGroupsForUser",
            UserPoolId=call.pool_id,
            Username=str(call.data["Username"]),
        )
        try:
            return {group["GroupName"] async for page in pages for group in page["Groups"]}
        except CognitoError as error:
            if error.status >= 500:
                raise
            return None


def _given(data: dict[str, Any]) -> dict[str, Any]:
    """Return the fields a request gives a group."""
    return {name: data[name] for name in _FIELDS if data.get(name) not in (None, "")}
