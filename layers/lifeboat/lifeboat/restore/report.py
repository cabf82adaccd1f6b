"""The reconciliation report of an import: what came back, what did not and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lifeboat.model import Group, Kind
from lifeboat.restore.expectation import Files
from lifeboat.restore.tasks import Verified
from lifeboat.store.outcomes import Outcomes
from lifeboat.store.table import BackupTable

NEVER_RESTORABLE = {
    "passwords": 'no API gives out password hashes; users choose a new one by "Forgot password"',
    "subs": "Cognito gives every user a new sub; the map old to new lies where `sub_map` says",
    "dates": "creation and modification dates are set by Cognito",
    "totp_seeds": "no API gives out authenticator secrets; users register again",
    "passkeys": "no API gives out passkeys; users register again",
    "remembered_devices": "no API gives out device keys; devices are remembered again at sign-in",
}

WHY_LEFT_OUT = {
    "federated profile": (
        "federated_profiles",
        "no API creates a federated profile; it appears at the user's first sign-in, with a new sub",
    ),
    "membership without user": (
        "memberships_without_user",
        "the user was not in the backup when the membership was; the next export mends it",
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
    "status RESET_REQUIRED": (
        "status_reset_required",
        'restored as CONFIRMED with a password that nobody knows; "Forgot password" works as before',
    ),
}


NEVER_HANDLED = "never handled: look into the dead-letter queues"
NOT_KEPT = "was restored, but not found so at the end: changed or deleted in the new pool meanwhile"

OTHER_STATUS = (
    'restored as CONFIRMED with a password that nobody knows; no API brings about this status, and "Forgot '
    'password" works'
)


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """Brings together the verification, the outcomes and what was left out."""

    table: BackupTable
    files: Files
    outcomes: Outcomes

    def report(self, verified: Iterable[Verified]) -> dict[str, Any]:
        """The report's body. Its lists name users by the sub they had."""
        parts = list(verified)
        different: list[dict[str, Any]] = []
        missing: list[str] = []
        unexpected: list[str] = []
        for part in parts:
            found = self.files.bucket.get_document(f"{self.files.folder}/verified/{part['Bucket']:05}.json")
            different += found["different"]
            missing += found["missing"]
            unexpected += found["unexpected"]
        reasons = self._reasons({*missing, *(str(entry["sub"]) for entry in different)})
        failed = [{"sub": sub, "reason": reasons.get(sub, NEVER_HANDLED)} for sub in sorted(missing)]
        for entry in different:
            entry["reason"] = reasons.get(entry["sub"], "")
        different_groups = self._different_groups()
        equal = sum(part["Equal"] for part in parts)
        return {
            "totals": {
                Kind.USER.value: {
                    "in_backup": equal + len(different) + len(missing),
                    "restored": equal,
                    "different": len(different),
                    "failed": len(failed),
                    "unexpected": len(unexpected),
                },
                Kind.MEMBERSHIP.value: {"restored": sum(part["Memberships"] for part in parts)},
                Kind.GROUP.value: {
                    "in_backup": sum(1 for _ in self.table.groups()),
                    "different": len(different_groups),
                },
            },
            "failed": failed,
            "different": sorted(different, key=lambda entry: str(entry["sub"])),
            "different_groups": different_groups,
            "unexpected": unexpected,
            "not_restorable": self._not_restorable(),
        }

    def _reasons(self, named: set[str]) -> dict[str, str]:
        """What the outcomes say of the users named."""
        outcomes = (outcome for outcome in self.outcomes.all() if outcome.sub in named)
        return {
            outcome.sub: outcome.failure or NOT_KEPT
            for outcome in outcomes
            if outcome.failure or outcome.complete
        }

    def forget_unfinished(self, report: Mapping[str, Any]) -> None:
        """Let a resumed import begin anew with the users that it thought to be restored but are not."""
        named = (*report["failed"], *report["different"])
        self.outcomes.forget(str(entry["sub"]) for entry in named if entry["reason"] == NOT_KEPT)

    def _different_groups(self) -> list[dict[str, Any]]:
        document = self.files.bucket.get_document(f"{self.files.folder}/groups.json") or []
        there = {entry[0]: Group(*entry) for entry in document}
        different = []
        for group in self.table.groups():
            found = there.get(group.name)
            if found is None:
                different.append({"group": group.name, "fields": ["missing"]})
            elif found != group:
                fields = [
                    name
                    for name in ("description", "precedence", "role_arn")
                    if getattr(found, name) != getattr(group, name)
                ]
                different.append({"group": group.name, "fields": fields})
        return different

    def _not_restorable(self) -> dict[str, Any]:
        listed: dict[str, list[str]] = {}
        memberships: Counter[str] = Counter()
        for entry in self.files.bucket.get_lines(f"{self.files.folder}/left-out/"):
            listed.setdefault(entry["why"], []).append(entry["sub"])
            memberships[entry["why"]] += entry["memberships"]
        result: dict[str, Any] = {
            name: {"users": "all", "why": why} for name, why in NEVER_RESTORABLE.items()
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
