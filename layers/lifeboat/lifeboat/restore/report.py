"""The reconciliation report of an import: what came back, what did not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from lifeboat.model import Group, Kind
from lifeboat.restore.comparison.expectation import Files
from lifeboat.restore.tasks import Verified
from lifeboat.store.backup import Backup
from lifeboat.store.given import GivenGroups
from lifeboat.store.outcomes import Lane, Outcomes, State

ALL = "all"
UNKNOWN = "unknown"

NEVER_RESTORABLE = {
    "passwords": (
        ALL,
        'no API gives out passwords or their hashes; users choose a new one by "Forgot password"',
    ),
    "subs": (ALL, "Cognito gives every user a new sub; the map of old and new ones lies where `maps` says"),
    "dates": (ALL, "creation and modification dates are set by Cognito"),
    "totp_seeds": (
        UNKNOWN,
        "no API gives out authenticator secrets; users register again. CaptureMfaPreferences counts them",
    ),
    "passkeys": (
        UNKNOWN,
        "no API gives out passkeys or shows who has one; users register again",
    ),
    "remembered_devices": (UNKNOWN, "no API gives out device keys; devices are remembered again at sign-in"),
}
"""What no user can be given back: of all users, or of an unknown number of them; and why."""

WHY_LEFT_OUT = {
    "federated profile": (
        "federated_profiles",
        "no API creates a federated profile; it appears at the user's first sign-in, with a new sub, and the "
        "function RestoreFederatedGroups gives its groups back then",
    ),
    "membership without user": (
        "memberships_without_user",
        "the user was not in the backup when the membership was; the next export mends it",
    ),
    "membership without group": (
        "memberships_without_group",
        "the group was not in the backup, because it was being deleted; the next export mends it",
    ),
    "authenticator": ("totp_seeds", "no API gives out authenticator secrets; users register again"),
    "second factor": (
        "second_factors",
        "left off: the new pool has no MFA, or the address is the only one that can recover the account, and "
        "as a second factor it would lock out a user who has no password yet",
    ),
    "status UNCONFIRMED": (
        "status_unconfirmed",
        "restored as FORCE_CHANGE_PASSWORD: no API brings about UNCONFIRMED; the user asks an administrator "
        "for an invitation",
    ),
    "status FORCE_CHANGE_PASSWORD": (
        "temporary_passwords",
        "restored as FORCE_CHANGE_PASSWORD, but with a temporary password that nobody knows; send the "
        "invitation again (AdminCreateUser with MessageAction RESEND)",
    ),
    "status FORCE_CHANGE_PASSWORD, verified address": (
        "invitations",
        "invited users whose temporary password went with the old pool; restored like confirmed ones, so "
        'that "Forgot password" lets them in',
    ),
    "status RESET_REQUIRED": (
        "status_reset_required",
        "restored as RESET_REQUIRED by an import job, by the API as CONFIRMED with a password that nobody "
        'knows; "Forgot password" works as before',
    ),
}


NEVER_HANDLED = "never handled: look into the dead-letter queues"
NOT_KEPT = "was restored, but not found so at the end: changed or deleted in the new pool meanwhile"

OTHER_STATUS = (
    'restored with a password that nobody knows; no API brings about this status, and "Forgot password" works'
)


class Kinds:
    """Counts users by the status that they had, as the parts of the verification tell it."""

    def __init__(self) -> None:
        self._counted: dict[str, Counter[str]] = {}
        self._kind_of: dict[str, str] = {}

    def add(self, verified: Mapping[str, Any]) -> None:
        """Add what one part of the verification has found."""
        for kind, counted in verified.get("kinds", {}).items():
            self._counted.setdefault(kind, Counter()).update(counted)
        self._kind_of.update(verified.get("kind_of", {}))

    def name(self, *lists: Iterable[dict[str, Any]]) -> None:
        """Give users who are named the status that they had, where it is known."""
        for entry in (entry for entries in lists for entry in entries):
            if kind := self._kind_of.get(str(entry["sub"])):
                entry["status"] = kind

    def counts(
        self,
        failed: Iterable[Mapping[str, Any]],
        different: Iterable[Mapping[str, Any]],
        changed: Iterable[Mapping[str, Any]],
    ) -> dict[str, dict[str, int]]:
        """For each status: users in the backup, restored, different, failed; disabled and linked ones."""
        ends: dict[str, Counter[str]] = {kind: Counter() for kind in self._counted}
        for end, entries in (("failed", failed), ("different", different), ("changed", changed)):
            for entry in entries:
                kind = self._kind_of.get(str(entry["sub"]), "")
                ends.setdefault(kind, Counter())[end] += 1
        result: dict[str, dict[str, int]] = {}
        for kind, ended in sorted(ends.items()):
            counted = self._counted.get(kind, Counter())
            restored = counted["equal"] + ended["changed"]
            result[kind] = {
                "in_backup": restored + ended["different"] + ended["failed"],
                "restored": restored,
                "different": ended["different"],
                "failed": ended["failed"],
                "disabled": counted["disabled"],
                "linked": counted["linked"],
            }
        return result


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Brings together the verification, the outcomes and what was left out."""

    backup: Backup
    files: Files
    outcomes: Outcomes
    arn_map: Mapping[str, str]
    given: GivenGroups | None = None

    def report(self, verified: Iterable[Verified]) -> dict[str, Any]:
        """The report's body. Its lists name users by the sub they had."""
        parts = list(verified)
        different: list[dict[str, Any]] = []
        missing: list[str] = []
        unexpected: list[str] = []
        kinds = Kinds()
        for part in parts:
            found = self.files.bucket.get_document(f"{self.files.folder}/verified/{part['Bucket']:05}.json")
            different += found["different"]
            missing += found["missing"]
            unexpected += found["unexpected"]
            kinds.add(found)
        named = {*missing, *(str(entry["sub"]) for entry in different)}
        reasons, lanes = self._accounts(named)
        failed = [{"sub": sub, "reason": reasons.get(sub, NEVER_HANDLED)} for sub in sorted(missing)]
        for entry in different:
            entry["reason"] = reasons.get(entry["sub"], "")
        different, failed, unexpected, changed = self._changed_since(different, failed, unexpected)
        kinds.name(failed, different)
        different_groups, unexpected_groups = self._groups()
        equal = sum(part["Equal"] for part in parts)
        equal += len(changed)
        in_backup = equal + len(different) + len(failed)
        return {
            "totals": {
                Kind.USER.value: {
                    "in_backup": in_backup,
                    "restored": equal,
                    "different": len(different),
                    "failed": len(failed),
                    "unexpected": len(unexpected),
                },
                Kind.MEMBERSHIP.value: {
                    "restored": sum(part["Memberships"] for part in parts),
                    "at_sign_in": sum(part.get("AtSignIn", 0) for part in parts),
                },
                Kind.GROUP.value: {
                    "in_backup": sum(1 for _ in self.backup.groups()),
                    "different": len(different_groups),
                },
            },
            "kinds": kinds.counts(failed, different, changed),
            "lanes": lanes,
            "failed": failed,
            "different": sorted(different, key=lambda entry: str(entry["sub"])),
            "different_groups": different_groups,
            "unexpected_groups": unexpected_groups,
            "unexpected": unexpected,
            "changed_since": changed,
            "not_restorable": self._not_restorable(in_backup),
        }

    def _changed_since(
        self, different: list[dict[str, Any]], failed: list[dict[str, Any]], unexpected: list[str]
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], list[str], list[dict[str, Any]]]:
        """Take out the users who came back by signing in and were changed since: all is well with them.

        That is known by the sub with which the user signed in. One who changed the address that is the
        name looks like a user who is missing and one who is unexpected. A user whose updates failed stays.
        """
        if self.given is None or not (different or failed):
            return different, failed, unexpected, []
        named = [str(entry["sub"]) for entry in (*different, *failed)]
        back = {sub: given.new_sub for sub, given in self.given.of_users(named).items() if given.new_sub}
        strangers = set(unexpected)

        def changed(entry: Mapping[str, Any]) -> bool:
            came_as = back.get(str(entry["sub"]))
            is_there = came_as == entry["new_sub"] if "new_sub" in entry else came_as in strangers
            return came_as is not None and is_there and entry["reason"] in ("", NOT_KEPT)

        since = [
            {"sub": each["sub"], "new_sub": back[each["sub"]], "fields": each.get("fields", ["name"])}
            for each in (*different, *failed)
            if changed(each)
        ]
        found = {str(each["new_sub"]) for each in since}
        return (
            [each for each in different if not changed(each)],
            [each for each in failed if not changed(each)],
            [sub for sub in unexpected if sub not in found],
            sorted(since, key=lambda each: str(each["sub"])),
        )

    def _accounts(self, named: set[str]) -> tuple[dict[str, str], dict[str, Any]]:
        """What the outcomes say of the users named, and how many users went by which lane and why."""
        reasons: dict[str, str] = {}
        lanes: Counter[str] = Counter({lane.value: 0 for lane in Lane})
        causes: Counter[str] = Counter()
        for outcome in self.outcomes.all():
            if outcome.lane is not None:
                lanes[outcome.lane.value] += 1
            if outcome.lane is Lane.API:
                causes[outcome.lane_reason or "not known"] += 1
            if outcome.sub in named and (outcome.failure or outcome.complete):
                reasons[outcome.sub] = outcome.failure or NOT_KEPT
        return reasons, {**lanes, "why_api": dict(causes.most_common())}

    def forget_unfinished(self, report: Mapping[str, Any]) -> None:
        """Let a resumed import begin anew with the users that it thought to be restored but are not."""
        named = (*report["failed"], *report["different"])
        vanished = {str(entry["sub"]) for entry in named if entry["reason"] == NOT_KEPT}
        # One that is missing cannot be mended by sending its updates again.
        missing = self.outcomes.of_users({str(entry["sub"]) for entry in report["failed"]})
        vanished |= {sub for sub, outcome in missing.items() if outcome.state is State.CREATED}
        self.outcomes.forget(vanished)

    def _groups(self) -> tuple[list[dict[str, Any]], list[str]]:
        """The groups that are not as they should be, and those that the backup does not know."""
        document = self.files.bucket.get_document(f"{self.files.folder}/groups.json") or []
        there = {entry[0]: Group(*entry) for entry in document}
        different = []
        for group in self.backup.groups():
            role = group.role_arn
            wanted = replace(group, role_arn=self.arn_map.get(role, role) if role else role)
            found = there.pop(group.name, None)
            if found is None:
                different.append({"group": group.name, "fields": ["missing"]})
            elif found != wanted:
                fields = [
                    name
                    for name in ("description", "precedence", "role_arn")
                    if getattr(found, name) != getattr(wanted, name)
                ]
                different.append({"group": group.name, "fields": fields})
        return different, sorted(there)

    def _not_restorable(self, users: int) -> dict[str, Any]:
        listed: dict[str, list[str]] = {}
        memberships: Counter[str] = Counter()
        for entry in self.files.bucket.get_lines(f"{self.files.folder}/left-out/"):
            listed.setdefault(entry["why"], []).append(entry["sub"])
            memberships[entry["why"]] += entry["memberships"]
        result: dict[str, Any] = {
            name: {"users": users if how_many == ALL else how_many, "why": why}
            for name, (how_many, why) in NEVER_RESTORABLE.items()
        }
        for why, subs in sorted(listed.items()):
            name, explanation = WHY_LEFT_OUT.get(why, (why.lower().replace(" ", "_"), OTHER_STATUS))
            result[name] = {
                "users": len(subs),
                "memberships": memberships[why],
                "why": explanation,
                "subs": sorted(subs),
            }
        return result


def complete(report: Mapping[str, Any]) -> bool:
    """Whether everything that can come back has come back as it was."""
    return not (report["failed"] or report["different"] or report["different_groups"])
