"""What to create to have the backed-up pool again: the calls that make the captured parts anew."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from lifeboat.cognito.configuration import ALL, Part, split_name
from lifeboat.model import PoolConfiguration
from lifeboat.restore.pool import parts as pool_parts
from lifeboat.restore.pool.clients import AppClient, app_clients
from lifeboat.restore.pool.messaging import mfa, sign_in
from lifeboat.restore.pool.new_pool import Arguments, Document, NewPool, Notes
from lifeboat.restore.pool.schema import MOST_ADDED, developer_only
from lifeboat.restore.pool.settings import pool_arguments


@dataclass(frozen=True, slots=True)
class PoolPlan:
    """The calls that make the new pool, in the order of the fields, each without UserPoolId.

    `pages`, `brandings` and `risks` go by the clients' old ids, or ALL for the pool's own. `left_out`
    says what the new pool will not have, why, and what to do about it.
    """

    pool: Arguments
    attributes: list[Arguments] = field(default_factory=list)
    developer_attributes: list[Arguments] = field(default_factory=list)
    mfa: Arguments | None = None
    resource_servers: list[Arguments] = field(default_factory=list)
    providers: list[Arguments] = field(default_factory=list)
    clients: list[AppClient] = field(default_factory=list)
    domains: list[Arguments] = field(default_factory=list)
    sign_in: list[Arguments] = field(default_factory=list)
    pages: dict[str, Arguments] = field(default_factory=dict)
    brandings: dict[str, Arguments] = field(default_factory=dict)
    risks: dict[str, Arguments] = field(default_factory=dict)
    logs: Arguments | None = None
    left_out: Notes = field(default_factory=list)


class Captured:
    """The captured parts of a pool, by kind and identifier."""

    def __init__(self, parts: Mapping[str, PoolConfiguration]) -> None:
        self._parts: dict[Part, dict[str, Document]] = {kind: {} for kind in Part}
        for name, part in parts.items():
            kind, identifier = split_name(name)
            self._parts[kind][identifier] = part.document

    @property
    def pool(self) -> Document:
        """The pool's own settings; empty if they were not captured."""
        return self._parts[Part.CONFIG].get("", {})

    @property
    def mfa(self) -> Document:
        """The second factors; without them all that is known is the mode, which the pool's settings have."""
        found = self._parts[Part.MFA].get("")
        return {"MfaConfiguration": self.pool.get("MfaConfiguration", "OFF")} if found is None else found

    def of(self, kind: Part) -> dict[str, Document]:
        """The parts of a kind by what they belong to, in the order of that."""
        return dict(sorted(self._parts[kind].items()))


def plan_pool(captured: Captured, new: NewPool) -> PoolPlan:
    """Plan the new pool. The captured parts include CONFIG."""
    notes: Notes = []
    pool, more = pool_arguments(captured.pool, new, notes)
    factors = mfa(captured.mfa, pool, notes)
    found = (pool_parts.provider(each, notes) for each in captured.of(Part.IDP).values())
    providers = [each for each in found if each is not None]
    clients = app_clients(captured.of(Part.CLIENT), new, notes)
    domains = [pool_parts.domain(each, new, notes) for each in captured.of(Part.DOMAIN).values()]
    names = {client.old_id: f"the app client {client.name}" for client in clients} | {ALL: "the pool"}
    pages = {
        owner: pool_parts.pages(each, names[owner], notes)
        for owner, each in captured.of(Part.UI).items()
        if owner in names
    }
    plan = PoolPlan(
        pool=pool,
        attributes=_added(more),
        developer_attributes=_added(developer_only(captured.pool.get("SchemaAttributes", []))),
        mfa=factors,
        resource_servers=[
            pool_parts.resource_server(each) for each in captured.of(Part.RESOURCE_SERVER).values()
        ],
        providers=providers,
        clients=clients,
        domains=[each for each in domains if each is not None],
        sign_in=sign_in(captured.mfa, factors, new),
        pages={owner: each for owner, each in pages.items() if each is not None},
        brandings={
            owner: pool_parts.branding(each, names[owner], notes)
            for owner, each in captured.of(Part.BRANDING).items()
            if owner in names
        },
        risks={
            owner: pool_parts.risk(each, names[owner], new, notes)
            for owner, each in captured.of(Part.RISK).items()
            if owner in names
        },
        logs=pool_parts.logs(captured.of(Part.LOGS).get("", {}), new, notes),
        left_out=notes,
    )
    pool_parts.tell_providers(providers, notes)
    return plan


def _added(entries: list[Arguments]) -> list[Arguments]:
    """The calls of AddCustomAttributes that add these."""
    starts = range(0, len(entries), MOST_ADDED)
    return [{"CustomAttributes": entries[start : start + MOST_ADDED]} for start in starts]
