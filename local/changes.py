"""Random changes of a pool by all routes an application has: administrators, users, groups, the admin API.

Used to torture capture and warm standby. What is done is chosen by a seed; what came of it, under injected
faults, nobody knows but the pool, so whoever compares looks there.
"""

import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from botocore.exceptions import BotoCoreError, ClientError

from local.admin_api import AdminApi
from local.people import PASSWORD

TRIGGER_ERRORS: Final = frozenset(
    {"UserLambdaValidationException", "UnexpectedLambdaException", "InvalidLambdaResponseException"}
)
"""The codes with which Cognito answers when a trigger has failed the call."""

UNKNOWN_OPERATION: Final = frozenset({"InvalidAction", "UnknownOperationException"})
"""The codes of an operation that there is not: a kind of change that was never made."""

FEWEST_USERS: Final = 10
"""A pool with fewer users grows: a run must not delete its own ground."""

WEIGHTS: Final[Mapping[str, int]] = {
    "sign_up": 14,
    "invite": 8,
    "change": 22,
    "change_own": 8,
    "blank": 4,
    "verify": 5,
    "disable": 5,
    "enable": 5,
    "join": 14,
    "leave": 8,
    "delete": 4,
    "delete_own": 2,
    "create_group": 3,
    "change_group": 2,
    "delete_group": 1,
}
"""How often each kind of change is made, relative to the others."""

BY_API: Final[Mapping[str, int]] = {"put": 12, "remove": 2}
"""The same of changes by the admin API, where there is one."""

MOST_GROUPS: Final = 3
"""Into so many groups a change by the admin API puts a user."""


class RefusedByApiError(Exception):
    """The admin API answered with another status than 200 and 202; the message is status and error."""


@dataclass
class Changes:
    """Makes random changes in one pool. `client_id` is an app client without secret for password sign-in.

    `done` counts the changes by kind; `refused` the calls that Cognito, the admin API or an injected fault
    refused, by error code; `sign_ups_failed` the sign-ups that a trigger failed; `answers` what the admin API
    answered, by status.
    """

    cognito: Any
    pool_id: str
    client_id: str
    rng: random.Random
    users: list[str]
    groups: list[str]
    api: AdminApi | None = None
    done: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    sign_ups_failed: int = 0
    answers: Counter[int] = field(default_factory=Counter)

    def make(self, count: int, after_each: Callable[[], object] = lambda: None) -> None:
        """Make so many changes."""
        for number in range(count):
            kind = self._choose()
            try:
                getattr(self, f"_{kind}")(number)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                self.refused[code] += 1
                self.sign_ups_failed += code in TRIGGER_ERRORS
            except BotoCoreError as error:
                self.refused[type(error).__name__] += 1
            except RefusedByApiError as error:
                self.refused[str(error)] += 1
            self.done[kind] += 1
            after_each()

    def _choose(self) -> str:
        if len(self.users) < FEWEST_USERS:
            return "sign_up"
        if not self.groups:
            return "create_group"
        weights = {**WEIGHTS, **(BY_API if self.api else {})}
        return self.rng.choices(list(weights), list(weights.values()))[0]

    # -- users ------------------------------------------------------------------------------------------

    def _sign_up(self, number: int) -> None:
        name = self._new_name(number)
        self.users.append(name)
        self.cognito.sign_up(
            ClientId=self.client_id,
            Username=name,
            Password=PASSWORD,
            UserAttributes=_pairs({"email": f"{name}@example.com", "custom:note": f"signed up as {number}"}),
        )
        if self.rng.random() < 0.5:
            self.cognito.admin_confirm_sign_up(**self._who(name))
        else:
            self.cognito.confirm_sign_up(ClientId=self.client_id, Username=name, ConfirmationCode="123456")

    def _invite(self, number: int) -> None:
        name = self._new_name(number)
        self.users.append(name)
        attributes = {"email": f"{name}@example.com", "email_verified": "true", "name": f"Invited {number}"}
        self.cognito.admin_create_user(
            **self._who(name), UserAttributes=_pairs(attributes), MessageAction="SUPPRESS"
        )
        if self.rng.random() < 0.8:
            self.cognito.admin_set_user_password(**self._who(name), Password=PASSWORD, Permanent=True)

    def _change(self, number: int) -> None:
        attributes = {"custom:note": f"changed, as {number};\n«{self.rng.randrange(1000)}»"}
        if self.rng.random() < 0.3:
            attributes["custom:points"] = str(self.rng.randrange(10**6))
        self._update(attributes)

    def _verify(self, number: int) -> None:
        address = f"address-{number}@example.com"
        self._update({"email": address, "email_verified": self.rng.choice(("true", "false"))})

    def _blank(self, _: int) -> None:
        """Take an attribute away: by its name, or by a blank value, which is the same."""
        name = self.rng.choice(("custom:note", "custom:points", "email"))
        if self.rng.random() < 0.5:
            self.cognito.admin_delete_user_attributes(**self._someone(), UserAttributeNames=[name])
        else:
            self._update({name: ""})

    def _change_own(self, number: int) -> None:
        token = self._token()
        self.cognito.update_user_attributes(
            AccessToken=token, UserAttributes=_pairs({"custom:note": f"by myself, as {number}"})
        )

    def _disable(self, _: int) -> None:
        self.cognito.admin_disable_user(**self._someone())

    def _enable(self, _: int) -> None:
        self.cognito.admin_enable_user(**self._someone())

    def _delete(self, _: int) -> None:
        name = self.rng.choice(self.users)
        self.cognito.admin_delete_user(**self._who(name))
        self.users.remove(name)

    def _delete_own(self, _: int) -> None:
        name = self.rng.choice(self.users)
        self.cognito.delete_user(AccessToken=self._token(name))
        self.users.remove(name)

    # -- groups -----------------------------------------------------------------------------------------

    def _join(self, _: int) -> None:
        self.cognito.admin_add_user_to_group(**self._someone(), GroupName=self.rng.choice(self.groups))

    def _leave(self, _: int) -> None:
        self.cognito.admin_remove_user_from_group(**self._someone(), GroupName=self.rng.choice(self.groups))

    def _create_group(self, number: int) -> None:
        name = f"group-{number}-of-{self.rng.randrange(10**6)}"
        self.groups.append(name)
        self.cognito.create_group(UserPoolId=self.pool_id, GroupName=name, Precedence=number)

    def _change_group(self, number: int) -> None:
        self.cognito.update_group(
            UserPoolId=self.pool_id,
            GroupName=self.rng.choice(self.groups),
            Description=f"changed as {number}",
            Precedence=number,
        )

    def _delete_group(self, _: int) -> None:
        name = self.rng.choice(self.groups)
        self.cognito.delete_group(UserPoolId=self.pool_id, GroupName=name)
        self.groups.remove(name)

    # -- the admin API ----------------------------------------------------------------------------------

    def _put(self, number: int) -> None:
        """Set one, two or all of what a PUT can set."""
        name = self.rng.choice(self.users)
        parts = {
            "attributes": self._attributes_by_api(number),
            "enabled": self.rng.random() < 0.7,
            "groups": self.rng.sample(self.groups, min(len(self.groups), self.rng.randint(0, MOST_GROUPS))),
        }
        asked = self.rng.sample(sorted(parts), self.rng.randint(1, len(parts)))
        self._answered(self._api.put(self._sub(name), {part: parts[part] for part in asked}))

    def _remove(self, _: int) -> None:
        name = self.rng.choice(self.users)
        self._answered(self._api.delete(self._sub(name)))
        self.users.remove(name)

    def _attributes_by_api(self, number: int) -> dict[str, str | None]:
        kinds: list[dict[str, str | None]] = [
            {"custom:note": f"by the admin API, as {number}", "nickname": "«Nick»"},
            {"email": f"api-{number}@example.com", "email_verified": self.rng.choice(("true", "false"))},
            {"nickname": None, "name": f"Person {number}"},
        ]
        return self.rng.choice(kinds)

    @property
    def _api(self) -> AdminApi:
        assert self.api is not None
        return self.api

    def _sub(self, name: str) -> str:
        """Return the sub by which the admin API knows a user."""
        found = self.cognito.admin_get_user(**self._who(name))["UserAttributes"]
        return next(str(pair["Value"]) for pair in found if pair["Name"] == "sub")

    def _answered(self, answer: tuple[int, Any]) -> None:
        status, document = answer
        self.answers[status] += 1
        if status not in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
            raise RefusedByApiError(f"{status} {document.get('error', '')}")

    # -- what they have in common -----------------------------------------------------------------------

    def _new_name(self, number: int) -> str:
        return f"new-{number}-{self.rng.randrange(10**6)}"

    def _who(self, name: str) -> dict[str, str]:
        return {"UserPoolId": self.pool_id, "Username": name}

    def _someone(self) -> dict[str, str]:
        return self._who(self.rng.choice(self.users))

    def _update(self, attributes: Mapping[str, str]) -> None:
        self.cognito.admin_update_user_attributes(**self._someone(), UserAttributes=_pairs(attributes))

    def _token(self, name: str = "") -> str:
        """Sign somebody in with everybody's password."""
        answer = self.cognito.initiate_auth(
            ClientId=self.client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": name or self.rng.choice(self.users), "PASSWORD": PASSWORD},
        )
        # A user who was invited is asked for a new password instead.
        token: str = answer.get("AuthenticationResult", {}).get("AccessToken", "none")
        return token


def _pairs(attributes: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in attributes.items()]
