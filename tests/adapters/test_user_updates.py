"""What a user is given after it was created: in order, again without effect, and whole after a crash."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lifeboat.restore.messages import Update
from lifeboat.restore.users.updates import UserUpdate
from tests.adapters.job_double import Faults, Killed
from tests.adapters.job_world import UNPACED, World, person


def test_updates_are_made_in_order_and_again_without_effect(world: World) -> None:
    user = world.back_up(person(0))
    world.pool.make("user-0", {}, "CONFIRMED", "api")
    facts = replace(world.facts, mfa="OPTIONAL")
    update = UserUpdate(facts, world.pool.reader(), world.pool.writer(), world.outcomes(), UNPACED)
    message = Update(
        import_id="an-import",
        pool_id=facts.pool_id,
        sub=user.sub,
        username="user-0",
        number=0,
        groups=["a", "b"],
        disable=True,
        mfa=["EMAIL_OTP", "SMS_MFA"],
        preferred_mfa="SMS_MFA",
        links=[("Google", "g-1"), ("SAML", "s/1")],
    )
    for _ in range(2):
        update.apply(message)
    first, again = world.pool.calls[:6], world.pool.calls[6:]
    assert first == ["disable", "change_mfa", "link", "link", "add_to_group", "add_to_group"]
    assert again == ["disable", "change_mfa", "add_to_group", "add_to_group"]
    assert world.pool.links == {"user-0": {("Google", "g-1"), ("SAML", "s/1")}}
    assert world.outcome(user.sub).updates_done == {0}


@pytest.mark.parametrize("made", range(6))
def test_an_update_that_broke_off_anywhere_is_made_whole(world: World, made: int) -> None:
    user = world.back_up(person(0))
    world.pool.make("user-0", {}, "CONFIRMED", "api")
    update = UserUpdate(world.facts, world.pool.reader(), world.pool.writer(), world.outcomes(), UNPACED)
    message = Update(
        import_id="an-import",
        pool_id=world.facts.pool_id,
        sub=user.sub,
        username="user-0",
        number=0,
        groups=["a", "b"],
        disable=True,
        mfa=["EMAIL_OTP"],
        links=[("Google", "g-1"), ("SAML", "s/1")],
    )
    faults = Faults(made)
    faults.after(world.pool, "disable", "change_mfa", "link", "add_to_group")
    faults.watching = True
    with pytest.raises(Killed):
        update.apply(message)
    faults.watching = False
    update.apply(message)
    assert world.pool.links == {"user-0": {("Google", "g-1"), ("SAML", "s/1")}}
    assert world.pool.groups == {"user-0": {"a", "b"}}
    assert not world.pool.users["user-0"].enabled
    assert world.outcome(user.sub).updates_done == {0}
