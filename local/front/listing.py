"""ListUsers as strict as Cognito's, and the filters that ministack does not know.

ministack ignores a filter it cannot read and then lists everybody: malformed filters are refused here, and
those on `cognito:user_status` or with an escaped character are worked out here over upstream's unfiltered
pages. AttributesToGet, which ministack ignores, is applied, with Cognito's error when a listed user lacks an
attribute (cognito-user-identity-pools/latest/APIReference/API_ListUsers.html). A Limit of 0 is the default. A
user's groups come in pages, which ministack gives all at once.
"""

from typing import Any

from local.front.filters import Filter, parse
from local.front.hooks import Hooks
from local.front.protocol import Answer, Call, CognitoError, success
from local.front.upstream import Upstream

PAGE = 60
_LIMITED = ("AdminListGroupsForUser", "ListGroups", "ListUsers", "ListUsersInGroup")
_TOKENS = {
    operation: "PaginationToken" if operation == "ListUsers" else "NextToken" for operation in _LIMITED
}


class Listing:
    """A feature: checks and completes the listing operations."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(_default_limit, *_LIMITED)
        hooks.before(_check_token, *_TOKENS)
        hooks.before(self._filter, "ListUsers")
        hooks.after(_choose_attributes, "ListUsers")
        hooks.after(_page_groups, "AdminListGroupsForUser")

    async def _filter(self, call: Call) -> Answer | None:
        text = call.data.get("Filter")
        if not text:
            return None
        condition = parse(text)
        if condition.attribute != "cognito:user_status" and "\\" not in text:
            return None
        return await self._list_filtered(call, condition)

    async def _list_filtered(self, call: Call, condition: Filter) -> Answer:
        pages = self._upstream.pages(
            call.region, call.access_key, "ListUsers", "PaginationToken", UserPoolId=call.pool_id, Limit=PAGE
        )
        users = [user async for page in pages for user in page["Users"] if condition.matches(user)]
        start = int(call.data.get("PaginationToken") or 0)
        end = start + int(call.data.get("Limit") or PAGE)
        answer: dict[str, Any] = {"Users": users[start:end]}
        if end < len(users):
            answer["PaginationToken"] = str(end)
        return success(answer)


async def _default_limit(call: Call) -> None:
    if call.data.get("Limit") == 0:
        call.replace(Limit=None)


async def _check_token(call: Call) -> None:
    token = call.data.get(_TOKENS[call.operation])
    if token is not None and not (token.isascii() and token.isdigit()):
        raise CognitoError("InvalidParameterException", "Invalid pagination token given.")


async def _choose_attributes(call: Call, answer: Answer) -> Answer:
    wanted = call.data.get("AttributesToGet")
    if not wanted or not answer.ok:
        return answer
    page = answer.data
    for user in page["Users"]:
        user["Attributes"] = [item for item in user["Attributes"] if item["Name"] in wanted]
        if len(user["Attributes"]) < len(set(wanted)):
            raise CognitoError("InvalidParameterException", "One or more requested attributes do not exist.")
    return success(page)


async def _page_groups(call: Call, answer: Answer) -> Answer:
    if not answer.ok:
        return answer
    groups = answer.data["Groups"]
    start = int(call.data.get("NextToken") or 0)
    end = start + int(call.data.get("Limit") or PAGE)
    if start == 0 and end >= len(groups):
        return answer
    page: dict[str, Any] = {"Groups": groups[start:end]}
    return success(page | {"NextToken": str(end)} if end < len(groups) else page)
