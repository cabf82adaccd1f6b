"""Bringing one user of the standby pool to what the backup says of it.

Nothing is taken from the change that led here but whom it concerns: the user is read from the table and from
the standby pool, and what differs is changed. So a change that comes twice, late, or after a later one is
harmless; and one that was applied already costs two reads of the table and no request to Cognito.

Users of the standby pool have random passwords that nobody knows, and are sent nothing.
"""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from lifeboat.cognito.changes import PoolChanger
from lifeboat.cognito.pool import (
    FACTOR_ADDRESSES,
    VERIFIED_FLAGS,
    PoolFacts,
    comparable_attributes,
    linked_identities,
    settable_attributes,
    wanted,
    wants_password,
)
from lifeboat.cognito.states import PoolStates
from lifeboat.errors import (
    AliasExists,
    CognitoError,
    CognitoRefused,
    CognitoUnavailable,
    LifeboatError,
    ResourceNotFound,
    StoreUnavailable,
    UserExists,
)
from lifeboat.model import Kind, Membership, Status, User, now, seconds_between
from lifeboat.store.deletions import Deletions
from lifeboat.store.keys import user_key
from lifeboat.store.standby import Begun, Place, StandbyPlaces
from lifeboat.store.table import BackupTable
from lifeboat.sync.standby.groups import ATTEMPTS, Applied, StandbyGroups
from lifeboat.sync.standby.holders import Holders
from lifeboat.sync.standby.namesakes import Namesakes
from lifeboat.telemetry import logger

IN_THE_WAY_SECONDS = 60
"""How long a name or address that another user has is waited for; as a rule the other change is underway."""

CHAIN = 20
"""How many users, one after the other, are applied after one that an address was taken for."""

UNFINISHED = frozenset({Status.FORCE_CHANGE_PASSWORD.value, Status.UNCONFIRMED.value})


@dataclass(frozen=True, slots=True)
class Target:
    """A user as the standby pool is to have it, and its groups."""

    user: User
    groups: frozenset[str]

    def digest(self, facts: PoolFacts) -> str:
        """128 bits over everything that is applied."""
        user = self.user
        content = [
            facts.sign_in_name(user),
            _attributes(user),
            user.enabled,
            wants_password(user),
            sorted(self.groups),
            user.mfa,
            user.preferred_mfa,
            linked_identities(user),
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class StandbyUsers:
    """The users of one standby pool."""

    table: BackupTable
    places: StandbyPlaces
    facts: PoolFacts
    states: PoolStates
    changer: PoolChanger
    groups: StandbyGroups
    deletions: Deletions
    source_sub_attribute: str

    def apply(
        self,
        sub: str,
        removed: User | None = None,
        *,
        look: bool = False,
        permitted: bool = False,
        taking: bool = True,
    ) -> Applied:
        """Create, change or delete a user, its groups, second factors and linked identities.

        `removed` is the user as the table had it, for one that has no place yet. With `look` the standby
        pool is looked at even if nothing is to be changed, with `permitted` the user is deleted whatever the
        guard says. A sign-in address that another user should not have any more is taken from it, and that
        one is applied next; without `taking` AliasExists or UserExists is raised at once.

        Raises CognitoError, StoreUnavailable.
        """
        done, taken_from = self._applied(sub, removed, look, permitted, taking)
        for each in itertools.islice(self._displaced(taken_from, {sub}), CHAIN):
            try:
                taken_from += self._applied(each, None, False, False, True)[1]
            except LifeboatError as error:
                # It is marked as not applied: its own change or a check puts it right.
                code = getattr(error, "code", type(error).__name__)
                logger.warning("holder of an address left to its own change", sub=each, error=code)
        return done

    @staticmethod
    def _displaced(subs: Sequence[str], seen: set[str]) -> Iterator[str]:
        """Each sub once, those that are added meanwhile too."""
        for each in subs:
            if each not in seen:
                seen.add(each)
                yield each

    def _applied(
        self, sub: str, removed: User | None, look: bool, permitted: bool, taking: bool
    ) -> tuple[Applied, list[str]]:
        """What became of one user, and from whom an address was taken for it."""
        taken_from: list[str] = []
        for _ in range(ATTEMPTS):
            try:
                done = self._apply(sub, removed, look, permitted)
            except (AliasExists, UserExists) as error:
                if not taking:
                    raise
                found = self._make_way(sub)
                if not found:
                    raise self._waited_for(sub, error) from None
                taken_from += found
            else:
                if done is not None:
                    return done, taken_from
        raise StoreUnavailable("DynamoDB: others keep applying changes of the same user")

    def _make_way(self, sub: str) -> list[str]:
        """Take what is in a user's way from those who are not to have it; their subs."""
        target = self.target(sub)
        if target is None:
            return []
        return Holders(self.places, self.facts, self.states, self.changer).make_way(
            target.user, self._in_backup
        )

    def _waited_for(self, sub: str, error: AliasExists | UserExists) -> CognitoError:
        """What a conflict comes to that is another's to end: a passing failure, and a refusal in the end."""
        moment = now()
        since = self.places.in_the_way_since(sub, moment)
        if seconds_between(since, moment) < IN_THE_WAY_SECONDS:
            return CognitoUnavailable(error.operation, error.code)
        self.places.given_up(sub)
        return error

    def target(self, sub: str) -> Target | None:
        """What the backup says of a user; None if it has no such user."""
        found = self.table.user_with_groups(user_key(sub), consistent=True)
        return None if found is None else self.wanted(*found)

    def wanted(self, user: User, memberships: Iterable[Membership]) -> Target:
        """What a user of the backup is to be in the standby pool."""
        groups = frozenset(membership.group_name for membership in memberships)
        return Target(wanted(user, self.facts, self.source_sub_attribute), groups)

    @property
    def _namesakes(self) -> Namesakes:
        return Namesakes(self.places, self.facts, self.states)

    def _in_backup(self, sub: str) -> User | None:
        target = self.target(sub)
        return None if target is None else target.user

    def _apply(self, sub: str, removed: User | None, look: bool, permitted: bool) -> Applied | None:
        """One attempt; None if somebody else has begun on the same user meanwhile."""
        place = self.places.get(sub)
        target = self.target(sub)
        if target is None and place is None and removed is None:
            return Applied.UNCHANGED
        if target is not None:
            if target.user.federated:
                return Applied.LEFT_OUT
            same = place is not None and place.applied == target.digest(self.facts)
            if same and not look:
                return Applied.UNCHANGED
        elif place is not None and place.held and not permitted:
            return Applied.HELD
        begun = self.places.begin(sub, place)
        try:
            return self._work(sub, place, removed, begun, permitted)
        except LifeboatError:
            self.places.abandon(sub, begun.revision)
            raise

    def _work(
        self, sub: str, place: Place | None, removed: User | None, begun: Begun, permitted: bool
    ) -> Applied | None:
        """What is done between the beginning and the end; None if somebody else has begun meanwhile."""
        revision = begun.revision
        target = self.target(sub)  # what was read before may be older than what another has applied
        if target is None:
            return self._remove(sub, place, removed, revision, permitted)
        done = self._bring_about(target, place, revision)
        if place is not None and place.held:
            self.places.let_go(Kind.USER, sub)
        # Whoever began before and had not finished may still be writing: then it is not to be relied on.
        finished = self.places.finish(sub, revision, target.digest(self.facts) if begun.alone else "")
        return done if finished else None

    # -- a user that the backup has ------------------------------------------------------------

    def _bring_about(self, target: Target, place: Place | None, revision: int) -> Applied:
        user = target.user
        there, done, adopted = self._copy_of(user.sub, place), Applied.UNCHANGED, False
        if there is not None and (self._must_be_made_anew(there, user) or self._would_tell(there, user)):
            self._discard(there, user.sub)
            there = None
        if there is None:
            there, adopted = self._create(user)
            done = Applied.CREATED
        if place is None or (place.username, place.new_sub) != (there.username, there.sub):
            self.places.settle(user.sub, revision, there.username, there.sub)
        if self._change(there, target, adopted) and done is Applied.UNCHANGED:
            done = Applied.CHANGED
        return done

    def _copy_of(self, sub: str, place: Place | None) -> User | None:
        """The user of the standby pool that was made or taken for a sub."""
        if place is None or not place.username:
            return None
        there = self.states.user(place.username)
        if there is None or there.sub != place.new_sub or self.places.owner(there.sub) not in ("", sub):
            return None
        return there

    def _create(self, user: User) -> tuple[User, bool]:
        """Create the user, or take the one that has its name if it is nobody else's.

        Says which: one that was there already may have another password than a random one.
        """
        name = self.facts.sign_in_name(user)
        if name is None:
            wanted_names = " or ".join(self.facts.username_attributes)
            raise CognitoRefused("AdminCreateUser", "NoSignInName", f"the user has no {wanted_names}")
        try:
            made = self.changer.create_user(name, settable_attributes(user))
        except UserExists:
            there = self._namesakes.named(name)
            if there is None or not self._namesakes.claim(there, user, self._in_backup):
                raise
            if self._must_be_made_anew(there, user):
                self._discard(there, user.sub)
                raise CognitoUnavailable("AdminCreateUser", "MadeAnew") from None
            return there, True
        self.places.claim(made.sub, user.sub)
        return made, False

    def _must_be_made_anew(self, there: User, user: User) -> bool:
        """Whether something differs that Cognito never changes."""
        changed, gone = _differences(there, user)
        return any(
            not self.facts.schema.get(name, {}).get("Mutable", True)
            for name in (*changed, *gone)
            if name not in VERIFIED_FLAGS
        )

    def _would_tell(self, there: User, user: User) -> bool:
        """Whether an unverified address is to be set that somebody else signs in by.

        An update stays silent by calling it verified for a moment (PoolChanger.update_attributes), which
        Cognito refuses then. A user who is made anew gets it without a message, and unverified.
        """
        changed, _ = _differences(there, user)
        for address in {*self.facts.auto_verified} & {*self.facts.alias_attributes} & changed.keys():
            if changed[address] and not user.verified(address):
                holder = self.states.user(changed[address])
                if holder is not None and holder.sub != there.sub:
                    return True
        return False

    def _discard(self, there: User, sub: str) -> None:
        self.changer.delete_user(there.username)
        self.places.disown(there.sub, sub)

    def _change(self, there: User, target: Target, adopted: bool) -> bool:
        """Change what differs; says whether anything did."""
        user, name = target.user, there.username
        steps = [
            self._give_password(there, user, adopted),
            self._disable(there, user),
            self._change_attributes(there, user),
            self._change_factors(there, user),
            self._change_links(there, user),
            self._change_groups(name, target),
        ]
        if user.enabled and not there.enabled:
            self.changer.enable(name)
            steps.append(True)
        return any(steps)

    def _give_password(self, there: User, user: User, adopted: bool) -> bool:
        """Without a password of its own a user could not use "Forgot password"."""
        if not wants_password(user) or not (adopted or there.status in UNFINISHED):
            return False
        self.changer.set_password(there.username, self.facts.random_password())
        return True

    def _disable(self, there: User, user: User) -> bool:
        if user.enabled or not there.enabled:
            return False
        self.changer.disable(there.username)
        return True

    def _change_attributes(self, there: User, user: User) -> bool:
        changed, gone = _differences(there, user)
        if gone:
            self.changer.delete_attributes(there.username, gone)
        if changed:
            self.changer.update_attributes(there.username, changed, self.facts.auto_verified)
        return bool(changed or gone)

    def _change_factors(self, there: User, user: User) -> bool:
        has = there.mfa_factors & FACTOR_ADDRESSES.keys()
        wants = set(user.mfa)
        preferred = there.preferred_mfa if there.preferred_mfa in has else ""
        if has == wants and preferred == user.preferred_mfa:
            return False
        self.changer.change_mfa(there.username, wants, user.preferred_mfa, has)
        return True

    def _change_links(self, there: User, user: User) -> bool:
        has, wants = set(linked_identities(there)), set(linked_identities(user))
        for provider, user_id in sorted(has - wants):
            self.changer.unlink(provider, user_id)
        for provider, user_id in sorted(wants - has):
            self._link(there.username, (provider, user_id))
        return has != wants

    def _link(self, username: str, identity: tuple[str, str]) -> None:
        """Link an identity; Cognito refuses to link one again, which is as well."""
        try:
            self.changer.link(username, *identity)
        except CognitoRefused:
            there = self.states.user(username)
            if there is None or identity not in linked_identities(there):
                raise

    def _change_groups(self, username: str, target: Target) -> bool:
        has = self.states.groups_of(username)
        for name in sorted(has - target.groups):
            self.changer.remove_from_group(username, name)
        for name in sorted(target.groups - has):
            self._add(username, name, target.user.sub)
        return has != target.groups

    def _add(self, username: str, group_name: str, sub: str) -> None:
        """Add to a group, which is created if need be; if the backup does not have it yet, wait for it.

        Records of different items come in any order. Waiting is noted before the group is looked for once
        more, and a group is created before it is looked who waits for it: one of the two sees the other.
        """
        if self._added(username, group_name):
            return
        if not self.groups.ensure(group_name):
            self.places.await_group(group_name, sub)
            if not self.groups.ensure(group_name):
                return
            self.places.arrived(group_name, sub)
        self.changer.add_to_group(username, group_name)

    def _added(self, username: str, group_name: str) -> bool:
        try:
            self.changer.add_to_group(username, group_name)
        except ResourceNotFound as error:
            if _is_user(error):
                raise
            return False
        return True

    # -- a user that the backup does not have --------------------------------------------------

    def _remove(
        self, sub: str, place: Place | None, removed: User | None, revision: int, permitted: bool
    ) -> Applied | None:
        there = self._copy_of(sub, place) or self._namesakes.left_behind(sub, removed)
        if there is None:
            return self._gone(sub, place, revision, Applied.UNCHANGED)
        if not (permitted or (place is not None and place.reserved)):
            if not self.deletions.pass_one(Kind.USER, now()):
                self.places.settle(sub, revision, there.username, there.sub)
                self.places.hold(Kind.USER, sub)
                return Applied.HELD if self.places.postpone(sub, revision) else None
            self.places.settle(sub, revision, there.username, there.sub)
            self.places.reserve(sub)
        # Nobody may take the user for another's copy from here on.
        if not self.places.doom(there.sub, sub):
            return self._gone(sub, place, revision, Applied.UNCHANGED)
        self.changer.delete_user(there.username)
        self.places.disown(there.sub, sub)
        return self._gone(sub, place, revision, Applied.DELETED)

    def _gone(self, sub: str, place: Place | None, revision: int, done: Applied) -> Applied | None:
        if place is not None and place.held:
            self.places.let_go(Kind.USER, sub)
        if place is not None and place.new_sub:
            self.places.disown(place.new_sub, sub)  # gone already, or not noted by whoever deleted it
        return done if self.places.forget(sub, revision) else None


def _is_user(error: CognitoError) -> bool:
    return error.code == "UserNotFoundException"


def _attributes(user: User) -> dict[str, str]:
    """A user's attributes as they are compared: flags without their address and empty values are nothing.

    An empty value can be given to a new user only; set later, it deletes the attribute.
    """
    attributes = {name: value for name, value in comparable_attributes(user).items() if value}
    return {
        name: value
        for name, value in attributes.items()
        if name not in VERIFIED_FLAGS or name.removesuffix("_verified") in attributes
    }


def _differences(there: User, user: User) -> tuple[dict[str, str], Collection[str]]:
    """What to set, and what to delete, so that a user becomes another.

    An address always goes with its flag, which Cognito would set back otherwise; of an address that is to be
    deleted the flag need not be.
    """
    has, wants = _attributes(there), _attributes(user)
    changed = {name: value for name, value in wants.items() if has.get(name) != value}
    for address in FACTOR_ADDRESSES.values():
        flag = f"{address}_verified"
        if address in wants and (address in changed or has.get(flag, "") != wants.get(flag, "")):
            changed[flag] = wants.get(flag, "false")
    gone = [name for name in has if name not in wants and name not in VERIFIED_FLAGS]
    return changed, gone
