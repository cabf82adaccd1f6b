"""The steps in which a pool gets its parts: what app clients name before the clients themselves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property, partial
from typing import Any

from lifeboat.cognito.configuration import ALL
from lifeboat.cognito.pool_writer import PartMaker
from lifeboat.errors import CognitoRefused, ResourceNotFound
from lifeboat.restore.pool.clients import AppClient
from lifeboat.restore.pool.new_pool import Arguments
from lifeboat.restore.pool.plan import PoolPlan
from lifeboat.restore.pool.progress import PoolProgress
from lifeboat.restore.pool.schema import CUSTOM, DEVELOPER

Step = tuple[str, Callable[[], None]]
"""A step's name, by which it is known to be done, and what it does."""

BRANDED_ALREADY = "ManagedLoginBrandingExistsException"


class PoolSteps:
    """The steps of a plan. Each may be taken again when it is not known whether it was.

    What users cannot do without (second factors, attributes) must succeed; of everything else it is noted
    that Cognito refused it, and the import goes on.
    """

    def __init__(self, plan: PoolPlan, maker: PartMaker, progress: PoolProgress) -> None:
        self._plan = plan
        self._maker = maker
        self._progress = progress

    def all(self) -> Iterator[Step]:
        """The steps in their order, those already done as well."""
        plan, maker = self._plan, self._maker
        if plan.mfa is not None:
            yield "second factors", partial(maker.set_mfa, plan.mfa)
        for number, arguments in enumerate(plan.attributes):
            yield f"attributes {number}", partial(self._attributes, arguments)
        for number, arguments in enumerate(plan.developer_attributes):
            step = f"developer-only attributes {number}"
            yield step, partial(self._developer_attributes, step, arguments)
        for arguments in plan.resource_servers:
            name = arguments["Identifier"]
            yield self._creation(
                _server(name),
                maker.create_resource_server,
                arguments,
                partial(maker.has_resource_server, name),
            )
        for arguments in plan.providers:
            name = arguments["ProviderName"]
            yield self._creation(
                _provider(name), maker.create_provider, arguments, partial(maker.has_provider, name)
            )
        for client in plan.clients:
            yield f"app client {client.old_id}", partial(self._client, client)
        for arguments in plan.domains:
            name = arguments["Domain"]
            yield self._creation(
                f"the domain {name}", maker.create_domain, arguments, partial(maker.has_domain, name)
            )
        for number, arguments in enumerate(plan.sign_in):
            step = f"sign-in settings {number}"
            what = "the setting of passkeys" if "WebAuthnConfiguration" in arguments else "the text of codes"
            yield step, partial(self._setting, step, what, maker.set_mfa, arguments)
        yield from self._of_clients()
        if plan.logs is not None:
            yield "logs", partial(self._setting, "logs", "the delivery of logs", maker.set_logs, plan.logs)

    def _attributes(self, arguments: Arguments, prefix: str = CUSTOM) -> None:
        try:
            self._maker.add_attributes(arguments)
        except CognitoRefused:
            there = self._maker.attributes()
            # It is refused as well when they were added before, and the answer was lost.
            if any(prefix + entry["Name"] not in there for entry in arguments["CustomAttributes"]):
                raise

    def _developer_attributes(self, step: str, arguments: Arguments) -> None:
        try:
            self._attributes(arguments, DEVELOPER + CUSTOM)
        except CognitoRefused as error:
            names = ", ".join(entry["Name"] for entry in arguments["CustomAttributes"])
            self._refused(step, f"one of the developer-only attributes {names}, which users may have,", error)

    def _of_clients(self) -> Iterator[Step]:
        """Settings of the pool and of single clients; those of a client that is not there are dropped."""
        for kind, settings, operation in (
            ("the style sheet", self._plan.pages, self._maker.set_pages),
            ("the branding", self._plan.brandings, self._maker.create_branding),
            ("the risk configuration", self._plan.risks, self._maker.set_risk),
        ):
            for owner, arguments in settings.items():
                step = f"{kind} of {owner}"
                yield step, partial(self._setting_of, step, kind, owner, operation, arguments)

    def _setting_of(
        self, step: str, kind: str, owner: str, operation: Callable[[Any], None], arguments: Arguments
    ) -> None:
        if owner == ALL:
            self._setting(step, f"{kind} of the pool", operation, arguments)
        elif owner in self._progress.clients:
            name, client_id = self._progress.clients[owner]
            what = f"{kind} of the app client {name}"
            self._setting(step, what, operation, {**arguments, "ClientId": client_id})

    def _setting(self, step: str, what: str, operation: Callable[[Any], None], arguments: Arguments) -> None:
        try:
            operation(arguments)
        except (CognitoRefused, ResourceNotFound) as error:
            if error.code != BRANDED_ALREADY:
                self._refused(step, what, error)

    def _creation(
        self,
        what: str,
        operation: Callable[[Any], None],
        arguments: Arguments,
        is_there: Callable[[], bool],
    ) -> Step:
        def create() -> None:
            try:
                operation(arguments)
            except CognitoRefused as error:
                # It is refused as well when it was created before, and the answer was lost.
                if not is_there():
                    self._refused(what, what, error)

        return what, create

    def _client(self, client: AppClient) -> None:
        progress = self._progress
        arguments, absent = client.fitted(self._providers, self._scopes)
        before = next((new for new, name in self._unclaimed.items() if name == client.name), None)
        if before is not None:
            del self._unclaimed[before]
        try:
            new = before or self._maker.create_client(arguments)
        except CognitoRefused as error:
            self._refused(f"app client {client.old_id}", f"the app client {client.name}", error)
            return
        progress.clients[client.old_id] = [client.name, new]
        for what in absent:
            progress.without.setdefault(what, []).append(client.name)

    def _refused(self, step: str, what: str, error: CognitoRefused | ResourceNotFound) -> None:
        self._progress.refused[step] = f"{what} is not there: Cognito refused it ({error}); set it by hand"

    @cached_property
    def _unclaimed(self) -> dict[str, str]:
        """The clients that the pool has but the progress does not: one was created, and its answer lost."""
        claimed = {new for _, new in self._progress.clients.values()}
        return {new: name for new, name in self._maker.client_names().items() if new not in claimed}

    @property
    def _providers(self) -> list[str]:
        names = [arguments["ProviderName"] for arguments in self._plan.providers]
        return [name for name in names if self._progress.made(_provider(name))]

    @property
    def _scopes(self) -> list[str]:
        return [
            f"{server['Identifier']}/{scope['ScopeName']}"
            for server in self._plan.resource_servers
            if self._progress.made(_server(server["Identifier"]))
            for scope in server.get("Scopes", [])
        ]


def _server(identifier: str) -> str:
    return f"the resource server {identifier}"


def _provider(name: str) -> str:
    return f"the identity provider {name}"
