"""Patches of ministack's attributes: they can be deleted, by name and by a blank value.

API_AdminDeleteUserAttributes.html, API_DeleteUserAttributes.html and, for the blank value,
API_AdminUpdateUserAttributes.html ("submit the attribute in your API request with a blank value"). What may
be deleted is decided in `front/attributes.py`. That the flag of an address goes with the address is not
documented: without an address there is nothing that it could say.
"""

from collections.abc import Awaitable, Callable, Collection
from typing import Any

from ministack.core.responses import error_response_json, json_response
from ministack.services import cognito

from local.patching import Patches

Response = tuple[int, dict[str, str], bytes]

ADDRESSES = ("email", "phone_number")

patches = Patches()


@patches.replace(cognito, "_dispatch_idp", "eff61c61ce4d")
async def dispatch(
    original: Callable[..., Awaitable[Response]], action: str, data: dict[str, Any]
) -> Response:
    """Add AdminDeleteUserAttributes and DeleteUserAttributes, which ministack lacks."""
    handler = _DELETING.get(action)
    if handler is None:
        return await original(action, data)
    answer: Response = cognito._run_idp_handler(handler, action, data)
    return answer


@patches.replace(cognito, "_admin_update_user_attributes", "97a3aa75318e")
def admin_update_user_attributes(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Delete what an administrator gives a blank value."""
    pool, missing = cognito._resolve_pool(data["UserPoolId"])
    # Found before: a new address may be the name by which the user is found.
    user, _ = ({}, missing) if missing else cognito._resolve_user(pool, data["Username"])
    answer = original(data)
    if answer[0] < 300:
        delete(user, _blank(data))
    return answer


@patches.replace(cognito, "_update_user_attributes", "f2dcbe6711fd")
def update_user_attributes(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Delete what users give a blank value themselves."""
    answer = original(data)
    if answer[0] < 300:
        user, _ = cognito._user_pool_for_access_token(data["AccessToken"])
        delete(user, _blank(data))
    return answer


def admin_delete_user_attributes(data: dict[str, Any]) -> Response:
    """Delete attributes as an administrator: {UserPoolId, Username, UserAttributeNames}."""
    pool, problem = cognito._resolve_pool(data.get("UserPoolId"))
    user: dict[str, Any] = {}
    if not problem:
        user, problem = cognito._resolve_user(pool, data.get("Username"))
    if problem:
        refusal: Response = problem
        return refusal
    delete(user, data["UserAttributeNames"])
    return _done()


def delete_user_attributes(data: dict[str, Any]) -> Response:
    """Delete one's own attributes: {AccessToken, UserAttributeNames}."""
    user, _ = cognito._user_pool_for_access_token(data.get("AccessToken", ""))
    if not user:
        refusal: Response = error_response_json("NotAuthorizedException", "Invalid access token.", 400)
        return refusal
    delete(user, data["UserAttributeNames"])
    return _done()


def delete(user: dict[str, Any], names: Collection[str]) -> None:
    """Delete attributes of a user; those that are not there are no error."""
    gone = {*names, *(f"{address}_verified" for address in ADDRESSES if address in names)}
    user["Attributes"] = [pair for pair in user["Attributes"] if pair["Name"] not in gone]
    user["UserLastModifiedDate"] = cognito._now_epoch()


def _blank(data: dict[str, Any]) -> list[str]:
    return [pair["Name"] for pair in data.get("UserAttributes") or () if not pair.get("Value")]


def _done() -> Response:
    done: Response = json_response({})
    return done


_DELETING = {
    "AdminDeleteUserAttributes": admin_delete_user_attributes,
    "DeleteUserAttributes": delete_user_attributes,
}
