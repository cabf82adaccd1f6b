"""Creating one user in the new pool (the API lane), so that doing it twice is harmless."""

from __future__ import annotations

from dataclasses import dataclass

from lifeboat.aws.queues import Queue
from lifeboat.cognito.pool import (
    RESETTABLE,
    PoolFacts,
    comparable_attributes,
    restored_statuses,
    settable_attributes,
    wants_password,
)
from lifeboat.cognito.reader import PoolReader
from lifeboat.cognito.writer import PoolWriter
from lifeboat.errors import CognitoUnavailable, UserExists
from lifeboat.model import Status, User
from lifeboat.restore.messages import NewUser, Unusable, updates_for
from lifeboat.restore.on_demand.returning import came_back_as, shares_address
from lifeboat.restore.users.finding import find_by_name
from lifeboat.store.given import Given, GivenGroups
from lifeboat.store.outcomes import Lane, Outcomes, State
from lifeboat.store.tally import Count

BROUGHT_BACK = "had come back by signing in"
"""Why a user goes by the API lane whom the trigger has brought back: the import completes it."""

DELETED_SINCE = "the user had come back by signing in, and was deleted in the new pool since"


@dataclass(frozen=True, slots=True)
class UserRestore:
    """Creates users of one import. `given` tells who has come back by signing in."""

    facts: PoolFacts
    reader: PoolReader
    writer: PoolWriter
    outcomes: Outcomes
    updates: Queue
    given: GivenGroups

    def restore(self, message: NewUser) -> Count:
        """Create the user, give it a password, queue its updates and write its outcome.

        Returns what that settled. Raises Unusable for what will never succeed, CognitoError otherwise.
        """
        before = self.outcomes.get(message.sub)
        if before is not None and before.state is State.CREATED:
            # Delivered again. The updates may have been lost between the outcome and the queue.
            if not before.complete:
                self.outcomes.reopen(before)
                by_api = before.lane is Lane.API
                self.updates.send(updates_for(message, self._username_of(message), by_api))
            return Count()
        back = self.given.of(message.sub)
        created = self._create(message.user(), back)
        updates = updates_for(message, created.username, by_api=True)
        reason = BROUGHT_BACK if back.brought_back else message.lane_reason
        settled = self.outcomes.created(message.sub, created.sub, len(updates), reason)
        self.updates.send(updates)
        return Count(settled=int(settled))

    def _create(self, user: User, back: Given) -> User:
        if back.brought_back and back.new_sub:
            # Who has signed in may have changed anything since, the address that is the name as well.
            there = self.reader.user_where("sub", back.new_sub)
            if there is None:
                raise Unusable(DELETED_SINCE)
            return there
        name = self.facts.sign_in_name(user)
        if name is None:
            wanted = " or ".join(self.facts.username_attributes)
            raise Unusable(f"the user has no {wanted} to sign in with, which the new pool requires")
        attributes = settable_attributes(user)
        try:
            created = self.writer.create_user(name, attributes)
        except UserExists:
            created = self._existing(user, name, back)
        # Who came back by signing in has a password, or is about to choose one.
        if wants_password(user) and not (created.status in RESETTABLE and came_back_as(user, created, back)):
            self.writer.set_password(created.username, self.facts.random_password())
            if created.status in RESETTABLE and not shares_address(user, created.attributes):
                # Who took the name may be signed in, and would refresh the tokens with this user's groups.
                self.writer.sign_out(created.username)
        return created

    def _existing(self, user: User, name: str, back: Given) -> User:
        """The user that already has the name, if it is this one.

        Somebody else may have signed up under the name since the pool was made. Such a user must not
        be given this one's groups, so it counts as this one only if every attribute agrees, or it is known to
        have come back by signing in, and its status is one that this import gives. Unless it is known so, it
        is given a new random password all the same, and signed out if it has no address to be known by:
        somebody who took the name of a user without attributes is locked out by it, and the user is not.
        """
        there = find_by_name(self.reader, self.facts, name)
        if there is None:
            raise CognitoUnavailable("ListUsers", "UserNotListedYet")
        same = comparable_attributes(there) == comparable_attributes(user)
        same = same or came_back_as(user, there, back)
        begun = there.status in {Status.FORCE_CHANGE_PASSWORD, *restored_statuses(user)}
        if not (same and begun):
            raise Unusable("another user of the new pool already has this username or sign-in alias")
        return there

    def _username_of(self, message: NewUser) -> str:
        user = message.user()
        name = self.facts.sign_in_name(user) or user.username
        there = find_by_name(self.reader, self.facts, name) if self.facts.generates_usernames else None
        return there.username if there is not None else name
