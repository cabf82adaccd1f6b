"""The definitions of the fidelity matrix: what can exist where, and that nobody is in anybody's way."""

import pytest

from local.fidelity.pool_arguments import FIFTY
from local.fidelity.pool_kinds import POOL_KINDS, PoolKind, chosen
from local.fidelity.rows import ROWS
from local.fidelity.user_kinds import USER_KINDS, cast
from local.fidelity.values import LONGEST, TEXTS

EVERY_POOL = pytest.mark.parametrize("pool", POOL_KINDS, ids=lambda pool: pool.key)


def pool_called(key: str) -> PoolKind:
    (kind,) = chosen(key)
    return kind


def users_of(pool: PoolKind) -> set[str]:
    return {kind.key for kind, _ in cast(pool).users.values()}


def test_every_kind_of_pool_is_there_once() -> None:
    assert (
        len({kind.key for kind in POOL_KINDS}) == len({kind.column for kind in POOL_KINDS}) == len(POOL_KINDS)
    )
    assert chosen("") == POOL_KINDS
    assert [kind.key for kind in chosen("email, custom")] == ["email", "custom"]
    with pytest.raises(ValueError, match="emial"):
        chosen("emial")


def test_both_ways_to_a_new_pool_are_taken() -> None:
    made = sum(kind.made_by_import for kind in POOL_KINDS)

    assert abs(2 * made - len(POOL_KINDS)) <= 3


@EVERY_POOL
def test_users_are_in_nobodys_way(pool: PoolKind) -> None:
    everybody = cast(pool).specimens

    assert len({it.username for it in everybody}) == len(everybody)
    for address in pool.sign_in | pool.aliases:
        verified = [
            it.attributes[address]
            for it in everybody
            if address in it.attributes and (it.verified(address) or address in pool.sign_in)
        ]
        assert len(set(verified)) == len(verified)


@EVERY_POOL
def test_users_sign_in_as_the_pool_wants(pool: PoolKind) -> None:
    for it in cast(pool).specimens:
        if pool.sign_in and not it.federated:
            assert it.username in {it.attributes.get(address) for address in pool.sign_in}


@EVERY_POOL
def test_values_fit_an_attribute(pool: PoolKind) -> None:
    for it in cast(pool).specimens:
        assert all(len(value.encode()) <= LONGEST for value in it.attributes.values())
        custom = {name.removeprefix("custom:") for name in it.attributes if name.startswith("custom:")}
        assert custom <= pool.custom


def test_every_kind_of_user_exists_somewhere_and_where_it_cannot_a_rule_says_why() -> None:
    for kind in USER_KINDS:
        there = [pool.key for pool in POOL_KINDS if kind.exists(pool)]
        assert there
        assert bool(kind.rule) == (len(there) < len(POOL_KINDS)), kind.key


def test_the_rules_are_cognitos() -> None:
    assert "no-email" not in users_of(pool_called("email"))
    assert "no-email" in users_of(pool_called("email-phone"))
    assert "shared-email" not in users_of(pool_called("email"))
    assert "shared-email" in users_of(pool_called("phone"))
    assert "awkward-name" not in users_of(pool_called("phone"))
    assert "mfa-email" in users_of(pool_called("mfa-email"))
    assert "mfa-email" not in users_of(pool_called("mfa-sms"))
    assert "differing-in-case" in users_of(pool_called("case"))
    assert "differing-in-case" not in users_of(pool_called("username"))


def test_one_user_has_every_custom_attribute_there_can_be() -> None:
    custom = pool_called("custom")
    _, specimen = cast(custom).users["fifty"]

    assert len([name for name in specimen.attributes if name.startswith("custom:")]) == FIFTY
    assert len(custom.custom) == FIFTY


def test_rows_are_distinct() -> None:
    assert len({row.key for row in ROWS}) == len({(row.section, row.title) for row in ROWS}) == len(ROWS)
    assert {text.title for text in TEXTS} <= {row.title for row in ROWS}
