"""Sign-in aliases belong to one user, and verified flags follow what Cognito does.

cognito/latest/developerguide/user-pool-settings-attributes.html, "Customizing sign-in attributes": an email
address or phone number becomes an alias once it is verified, and cannot be another user's then
(AliasExistsException) unless ForceAliasCreation moves it, which leaves the earlier owner's unverified. With
UsernameAttributes an address must be nobody else's even unverified (UsernameExistsException). Confirming a
sign-up verifies the attribute that the code went to; changing an address without saying that it is verified
makes it unverified. ministack looks at none of these.
"""

from local.front.hooks import Hooks
from local.front.pools import Pool, Pools, User
from local.front.protocol import Answer, Call, CognitoError, attributes_of
from local.front.taken import ALIASES, TakenAliases

ADDRESSES = ("email", "phone_number")
_EVICTED = "evicted"
_UPDATING = ("AdminUpdateUserAttributes", "UpdateUserAttributes")


class Aliases:
    """A feature: keeps aliases unique."""

    def __init__(self, pools: Pools, taken: TakenAliases) -> None:
        self._pools = pools
        self._taken = taken

    def register(self, hooks: Hooks) -> None:
        """Plug in. What a hook finds out about the user is in the call's notes, for the hooks after it."""
        hooks.claim(names_of_created, "AdminCreateUser")
        hooks.before(self.check_created, "AdminCreateUser", "SignUp")
        hooks.before(self._check_updated, *_UPDATING)
        hooks.before(self._check_confirmed, "ConfirmSignUp")
        hooks.after(self._evict, "AdminCreateUser", "ConfirmSignUp")
        hooks.after(self._verify_confirmed, "ConfirmSignUp")

    async def check_created(self, call: Call) -> None:
        """Refuse a new user whose aliases are another's, with Cognito's error."""
        if call.data.get("MessageAction") == "RESEND":
            return
        pool = await self._pools.of_call(call)
        if pool is None:
            return
        user = User(str(call.data.get("Username")), attributes_of(call.data.get("UserAttributes")))
        for attribute in pool.names("UsernameAttributes"):
            value = user.attributes.get(attribute)
            # The address given as the username is ministack's own to check.
            if value and value != user.username and await self._owner(pool, attribute, value):
                text = f"An account with the given {attribute} already exists."
                raise CognitoError("UsernameExistsException", text)
        if call.operation == "AdminCreateUser":  # a sign-up takes its aliases when it is confirmed
            await self._check_aliases(call, pool, user)

    async def _check_updated(self, call: Call) -> None:
        changes = attributes_of(call.data.get("UserAttributes"))
        if not {*ADDRESSES, "preferred_username", "email_verified", "phone_number_verified"} & set(changes):
            return
        pool = await self._pools.of_call(call)
        user = await self._updated_user(call, pool)
        if pool is None or user is None:
            return
        unverified = [
            f"{address}_verified"
            for address in ADDRESSES
            if address in changes
            and f"{address}_verified" not in changes
            and user.attributes.get(address, "") != changes[address]
        ]
        if unverified:
            given = call.data["UserAttributes"]
            call.replace(UserAttributes=[*given, *({"Name": name, "Value": "false"} for name in unverified)])
            changes |= dict.fromkeys(unverified, "false")
        call.notes["user"] = user
        for address in sorted(pool.names("UsernameAttributes") & changes.keys()):
            owner = await self._owner(pool, address, changes[address]) if changes[address] else None
            if owner is not None and owner.username != user.username:
                raise CognitoError("AliasExistsException", f"An account with the {address} already exists.")
        await self._check_aliases(
            call, pool, User(user.username, {**user.attributes, **changes}), set(changes)
        )

    async def _updated_user(self, call: Call, pool: Pool | None) -> User | None:
        if pool is None:
            return None
        if call.operation == "UpdateUserAttributes":
            return await self._pools.user_of_token(pool, str(call.data.get("AccessToken")))
        return await self._pools.user(pool, str(call.data.get("Username")))

    async def _check_confirmed(self, call: Call) -> None:
        pool = await self._pools.of_call(call)
        user = await self._pools.user(pool, str(call.data.get("Username"))) if pool else None
        if pool is None or user is None or user.status != "UNCONFIRMED":
            return
        address = code_address(pool, user)
        if address is not None:
            call.notes["confirmed"] = (pool, user, address)
            verified = {**user.attributes, f"{address}_verified": "true"}
            await self._check_aliases(call, pool, User(user.username, verified), {address})

    async def _check_aliases(
        self, call: Call, pool: Pool, user: User, changed: set[str] | None = None
    ) -> None:
        """Refuse aliases that are another user's, or note whom to take them from."""
        for attribute in sorted(pool.names("AliasAttributes")):
            value = user.attributes.get(attribute)
            touched = changed is None or attribute in changed or f"{attribute}_verified" in changed
            if not value or not touched or (attribute in ADDRESSES and not user.verified(attribute)):
                continue
            owner = await self._owner(pool, attribute, value)
            if owner is None or owner.username == user.username:
                continue
            if not call.data.get("ForceAliasCreation") or attribute not in ADDRESSES:
                text = f"An account with the {attribute} already exists."
                raise CognitoError("AliasExistsException", text)
            call.notes.setdefault(_EVICTED, []).append((pool, owner.username, attribute))

    async def _owner(self, pool: Pool, attribute: str, value: str) -> User | None:
        """Return the user who signs in with a value, if that is by this attribute."""
        if not await self._taken.may_include(pool, value):
            return None
        user = await self._pools.user(pool, value)
        return user if user is not None and user.attributes.get(attribute) == value else None

    async def _evict(self, call: Call, answer: Answer) -> Answer:
        for pool, username, attribute in call.notes.get(_EVICTED, ()) if answer.ok else ():
            await self._set(pool, username, f"{attribute}_verified", "false")
        return answer

    async def _verify_confirmed(self, call: Call, answer: Answer) -> Answer:
        if answer.ok and "confirmed" in call.notes:
            pool, user, address = call.notes["confirmed"]
            await self._set(pool, user.username, f"{address}_verified", "true")
        return answer

    async def _set(self, pool: Pool, username: str, name: str, value: str) -> None:
        changes = [{"Name": name, "Value": value}]
        await self._pools.ask(pool, "AdminUpdateUserAttributes", Username=username, UserAttributes=changes)


def names_of_created(call: Call) -> set[str]:
    """Return the username and aliases that a new user claims."""
    attributes = attributes_of(call.data.get("UserAttributes"))
    names = {str(call.data.get("Username")), *(attributes.get(name, "") for name in ALIASES)}
    return {f"{call.pool_id}/{name}" for name in names if name}


def code_address(pool: Pool, user: User) -> str | None:
    """Return the attribute that a sign-up's code goes to: the phone number before the email address."""
    automatic = pool.names("AutoVerifiedAttributes")
    return next(
        (name for name in reversed(ADDRESSES) if name in automatic and user.attributes.get(name)), None
    )
