"""Making the users of an import job: as AdminCreateUser would, but they arrive without a password to set.

ministack has no operation for that. A user is made there by AdminCreateUser and then brought to the status
they are to have; as this goes past the front's own counting, no call, message or active user is counted. What
AdminCreateUser refuses is refused here too.
"""

import contextlib
import secrets
from dataclasses import dataclass
from typing import Any

from local.front.aliases import Aliases, names_of_created
from local.front.constraints import Constraints
from local.front.exclusion import Exclusion
from local.front.import_file import BadRow
from local.front.import_rows import NewUser
from local.front.pools import Pool, Pools
from local.front.protocol import Call, CognitoError, attributes_of
from local.front.taken import TakenAliases

SUCCEEDED, SKIPPED, FAILED = "SUCCEEDED", "SKIPPED", "FAILED"

ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of a row: SUCCEEDED, SKIPPED or FAILED, and Cognito's words for it, without user data."""

    result: str
    reason: str


IMPORTED = RowResult(SUCCEEDED, "The import succeeded.")
EXISTS = RowResult(SKIPPED, "The user already exists.")
INTERNAL_ERROR = RowResult(FAILED, "The user could not be imported due to an internal error.")


class ImportedUsers:
    """Makes users upstream."""

    def __init__(
        self,
        pools: Pools,
        aliases: Aliases,
        taken: TakenAliases,
        exclusion: Exclusion,
        constraints: Constraints,
    ) -> None:
        self._pools = pools
        self._aliases = aliases
        self._taken = taken
        self._exclusion = exclusion
        self._constraints = constraints

    async def make(self, pool: Pool, user: NewUser, status: str, sms_mfa: bool) -> RowResult:
        """Make a user with a status; raises BadRow, and CognitoError where ministack fails."""
        password = unguessable_password(pool)
        data = {
            "UserPoolId": pool.home.pool_id,
            "Username": user.username,
            "UserAttributes": [{"Name": name, "Value": value} for name, value in user.attributes.items()],
            "MessageAction": "SUPPRESS",
            "TemporaryPassword": password,
        }
        call = Call("AdminCreateUser", pool.home.region, pool.home.access_key, b"", data)
        try:
            self._constraints.check(call.operation, data)
        except CognitoError:  # its words hold the value
            raise BadRow("A value is too long or has characters that are not allowed.") from None
        async with self._exclusion.hold(names_of_created(call)):
            username = await self._create(pool, call)
            if username is None:
                return EXISTS
            try:
                await self._settle(pool, username, password, status, sms_mfa)
            except CognitoError:
                with contextlib.suppress(CognitoError):
                    await self._ask(pool, "AdminDeleteUser", Username=username)
                raise
        return IMPORTED

    async def _create(self, pool: Pool, call: Call) -> str | None:
        """Create a user and return what Cognito calls them; None if they are there already."""
        try:
            await self._aliases.check_created(call)
        except CognitoError as error:
            if error.status < 500 and await self._exists(pool, str(call.data["Username"])):
                return None
            raise _refusal(error) from None
        given = {name: value for name, value in call.data.items() if name != "UserPoolId"}
        try:
            user = (await self._ask(pool, call.operation, **given))["User"]
        except CognitoError as error:
            if error.code == "UsernameExistsException":
                return None
            raise _refusal(error) from None
        self._taken.add(pool.home.pool_id, attributes_of(user["Attributes"]))
        return str(user["Username"])

    async def _exists(self, pool: Pool, username: str) -> bool:
        """Say whether a row's user is there; with AliasAttributes a name may also lead to another user."""
        found = await self._pools.user(pool, username)
        return found is not None and bool(pool.names("UsernameAttributes") or found.username == username)

    async def _settle(self, pool: Pool, username: str, password: str, status: str, sms_mfa: bool) -> None:
        """Give a new user their status. The password is one that nobody knows, and no temporary one."""
        if status == "RESET_REQUIRED":
            await self._ask(pool, "AdminResetUserPassword", Username=username)
        else:
            await self._ask(
                pool, "AdminSetUserPassword", Username=username, Password=password, Permanent=True
            )
        if sms_mfa:
            settings = {"Enabled": True}
            await self._ask(pool, "AdminSetUserMFAPreference", Username=username, SMSMfaSettings=settings)

    async def _ask(self, pool: Pool, operation: str, **data: Any) -> dict[str, Any]:
        """Ask upstream, again where it fails: ministack does when it looks through users as one is added."""
        for _ in range(ATTEMPTS - 1):
            try:
                return await self._pools.ask(pool, operation, **data)
            except CognitoError as error:
                if error.status != 500:
                    raise
        return await self._pools.ask(pool, operation, **data)


def failed(reason: str) -> RowResult:
    """Return the result of a row that cannot be imported."""
    return RowResult(FAILED, reason)


def _refusal(error: CognitoError) -> Exception:
    """Return what to raise for an error: a refusal is the row's fault."""
    return error if error.status >= 500 else BadRow(error.message)


def unguessable_password(pool: Pool) -> str:
    """Make a random password that the pool's policy allows."""
    policy = (pool.description.get("Policies") or {}).get("PasswordPolicy") or {}
    length = max(int(policy.get("MinimumLength") or 0), 24)
    return "Aa1!" + secrets.token_urlsafe(length)[: length - 4]
