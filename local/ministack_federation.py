"""Patches of ministack's federation: sign-in through any identity provider, and triggers that fail.

ministack signs in through SAML and OIDC providers that really answer. The action SIGN_IN, of which only the
Cognito front knows, does what follows when a provider, social ones too, has answered
(cognito/latest/developerguide/cognito-user-pools-identity-federation.html): it finds the user that the
identity is linked to, or the provider's profile of it, or makes that profile, and issues tokens.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import error_response_json, json_response, new_uuid
from ministack.services import cognito, lambda_svc

from local.function_policy import permits
from local.patching import Patches
from local.private_actions import SIGN_IN

Response = tuple[int, dict[str, str], bytes]

SCOPES = "openid email profile phone aws.cognito.signin.user.admin"

patches = Patches()


class TriggerFailed(Exception):
    """A PreTokenGeneration trigger that failed; the message is what AWS tells the caller."""

    code = "UserLambdaValidationException"


class TriggerForbidden(TriggerFailed):
    """One whose function does not let Cognito invoke it for this pool."""

    code = "UnexpectedLambdaException"


@patches.replace(cognito, "_dispatch_idp", "eff61c61ce4d")
async def dispatch(
    original: Callable[..., Awaitable[Response]], action: str, data: dict[str, Any]
) -> Response:
    """Add the action SIGN_IN. It has a thread of its own, as its triggers may call ministack."""
    if action != SIGN_IN:
        return await original(action, data)
    answer: Response = await cognito.run_reentrant(
        cognito._run_idp_handler, sign_in, action, data, thread_name="ministack-cognito-trigger"
    )
    return answer


def sign_in(data: dict[str, Any]) -> Response:
    """Sign in with an identity: {UserPoolId, ProviderName, UserId, Attributes, ClientId}.

    Attributes are the pool's, as the provider's mapping gives them. Answers {Username, Sub, IdToken,
    Created}: Created is whether the profile is new.
    """
    pool, missing = cognito._resolve_pool(data["UserPoolId"])
    if missing:
        return missing  # type: ignore[no-any-return]
    provider = data["ProviderName"]
    if provider not in pool.get("_identity_providers", {}):
        return _refuse("ResourceNotFoundException", f"Identity provider {provider} does not exist.")
    client_id = data.get("ClientId") or next(iter(_clients_of(pool, provider)), "")
    if client_id and client_id not in pool["_clients"]:
        return _refuse("ResourceNotFoundException", f"User pool client {client_id} does not exist.")
    attributes = dict(data["Attributes"])
    username = _username(pool, data, attributes)
    created = username not in pool["_users"]
    if created:
        try:
            username = _first_sign_in(pool, data, client_id, attributes)
        except cognito._PreSignUpRejected as error:
            return _refuse("UserLambdaValidationException", f"PreSignUp failed with error {error}.")
    user = pool["_users"][username]
    if not user.get("Enabled", True):
        return _refuse("NotAuthorizedException", "User is disabled.")
    cognito._merge_federated_attrs(user, attributes, cognito._now_epoch())
    tokens = cognito._build_auth_result(
        pool["Id"], client_id, user, trigger_source="TokenGeneration_HostedAuth", scope=SCOPES
    )
    sub = cognito._attr_list_to_dict(user["Attributes"])["sub"]
    return json_response(  # type: ignore[no-any-return]
        {"Username": username, "Sub": sub, "IdToken": tokens["IdToken"], "Created": created}
    )


def _clients_of(pool: dict[str, Any], provider: str) -> list[str]:
    """Return the app clients a user of a provider may come through: those that name it first."""
    clients = pool["_clients"]
    return sorted(clients, key=lambda key: provider not in clients[key]["SupportedIdentityProviders"])


def _username(pool: dict[str, Any], data: dict[str, Any], attributes: dict[str, str]) -> str:
    """Return whom an identity signs in: the user it is linked to, or else its own profile."""
    provider, user_id = data["ProviderName"], data["UserId"]
    linked = cognito._linked_username_for_federation(pool, provider, user_id, attributes)
    return str(linked or cognito._federated_profile_username(provider, user_id))


def _first_sign_in(
    pool: dict[str, Any], data: dict[str, Any], client_id: str, attributes: dict[str, str]
) -> str:
    """Make the profile of an identity, unless a PreSignUp trigger links it to a user; return the username."""
    provider, user_id = data["ProviderName"], data["UserId"]
    own = cognito._federated_profile_username(provider, user_id)
    wishes = cognito._apply_presignup_trigger(pool["Id"], client_id, own, attributes)
    username = _username(pool, data, attributes)
    if username != own:
        return username
    for address, wish in (("email", "autoVerifyEmail"), ("phone_number", "autoVerifyPhone")):
        if wishes[wish] and address in attributes:
            attributes[f"{address}_verified"] = "true"
    now = cognito._now_epoch()
    user = {
        "Username": own,
        "Attributes": cognito._dict_to_attr_list({"sub": new_uuid(), **attributes}),
        "UserCreateDate": now,
        "UserLastModifiedDate": now,
        "Enabled": True,
        "UserStatus": "EXTERNAL_PROVIDER",
        "MFAOptions": [],
        "_password": "",
        "_groups": [],
        "_tokens": [],
    }
    cognito._start_federated_profile(pool, pool["Id"], user, provider, user_id)
    pool["_users"][own] = user
    pool["EstimatedNumberOfUsers"] = len(pool["_users"])
    return username


@patches.replace(cognito, "_admin_link_provider_for_user", "6e7459d28b31")
def admin_link_provider_for_user(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Refuse an identity that has a profile of its own, or is linked to this very user.

    API_AdminLinkProviderForUser.html does not say how; the words are those that callers of AWS report.
    """
    pool, source = cognito._user_pools.get(data.get("UserPoolId")), data.get("SourceUser") or {}
    identity = source.get("ProviderName"), source.get("ProviderAttributeValue")
    if pool is None or None in identity:
        return original(data)
    if cognito._federated_profile_username(*identity) in pool["_users"]:
        return _refuse(
            "InvalidParameterException",
            "Merging is not currently supported, "
            "provide a SourceUser that has not been signed up in order to link",
        )
    key = cognito._provider_link_key(identity[0], source.get("ProviderAttributeName"), identity[1])
    destination = (data.get("DestinationUser") or {}).get("ProviderAttributeValue")
    if destination and cognito._provider_links(pool).get(key) == destination:
        return _refuse("InvalidParameterException", "SourceUser is already linked to DestinationUser")
    return original(data)


@patches.replace(cognito, "_admin_delete_user", "425d5d47c34a")
def admin_delete_user(original: Callable[..., Response], data: dict[str, Any]) -> Response:
    """Forget a deleted user's links, so that the identities can be linked to another user."""
    answer = original(data)
    pool = cognito._user_pools.get(data.get("UserPoolId"))
    links = cognito._provider_links(pool) if pool and answer[0] < 300 else {}
    for key in [key for key, username in links.items() if username not in pool["_users"]]:
        del links[key]
    return answer


@patches.replace(cognito, "_extract_trigger_response", "93abd1eca9ad")
def extract_trigger_response(original: Callable[..., Any], payload: Any) -> Any:
    """Find the groups of a version 2 or 3 answer where AWS does: beside the two tokens' parts.

    (cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html: groupOverrideDetails)
    """
    response = original(payload)
    details = response.get("claimsAndScopeOverrideDetails") if isinstance(response, dict) else None
    if isinstance(details, dict) and details.get("groupOverrideDetails"):
        for part in ("idTokenGeneration", "accessTokenGeneration"):
            details[part] = {
                **(details.get(part) or {}),
                "groupOverrideDetails": details["groupOverrideDetails"],
            }
    return response


@patches.replace(cognito, "_build_pretoken_event", "bfa6cd2e0831")
def build_pretoken_event(original: Callable[..., dict[str, Any]], **arguments: Any) -> dict[str, Any]:
    """Tell the trigger the user's status, among the attributes.

    (cognito/latest/developerguide/user-pool-lambda-pre-token-generation.html: the examples)
    """
    event = original(**arguments)
    user = cognito._user_pools[arguments["pool_id"]]["_users"].get(arguments["username"])
    if user is not None:
        event["request"]["userAttributes"]["cognito:user_status"] = user["UserStatus"]
    return event


@patches.replace(cognito, "_apply_pretoken_trigger", "3ea4dfabd7f5")
def apply_pretoken_trigger(original: Callable[..., Any], **arguments: Any) -> Any:
    """Give a failure a name; that it is one, MINISTACK_COGNITO_PRETOKEN_STRICT says.

    Without the permission of the function's policy AWS does not invoke it.
    """
    if not _permitted(arguments["pool_id"]):
        text = "PreTokenGeneration invocation failed due to error AccessDeniedException."
        raise TriggerForbidden(text)
    try:
        return original(**arguments)
    except Exception as error:
        raise TriggerFailed(f"PreTokenGeneration failed with error {error}.") from error


@patches.replace(cognito, "_run_idp_handler", "85681acebd62")
def run_idp_handler(
    original: Callable[..., Response], handler: Callable[..., Response], action: str, data: dict[str, Any]
) -> Response:
    """Refuse the sign-in when its trigger fails: no token leaves without what the trigger would add.

    (cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html: UserLambdaValidationException)
    """
    try:
        return original(handler, action, data)
    except TriggerFailed as error:
        return _refuse(error.code, str(error))


def _permitted(pool_id: str) -> bool:
    """Say whether the function of a pool's PreTokenGeneration trigger, if it has one, may be invoked."""
    pool = cognito._user_pools.get(pool_id) or {}
    triggers = pool.get("LambdaConfig") or {}
    arn = (triggers.get("PreTokenGenerationConfig") or {}).get("LambdaArn")
    arn = arn or triggers.get("PreTokenGeneration")
    function = lambda_svc._get_base_func_record_for_ref(arn)[0] if arn else None
    return function is None or permits(function["policy"], pool["Arn"])


def _refuse(code: str, message: str) -> Response:
    refusal: Response = error_response_json(code, message, 400)
    return refusal
