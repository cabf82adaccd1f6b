"""Whether a pool could be replicated by Cognito itself, as far as its description says.

Multi-Region replication asks for the Essentials or Plus plan, a multi-Region key of one's own and the updated
issuer (https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-multi-region.html). It also asks
for the newer infrastructure: whether a pool is on it no API tells, the console does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from lifeboat.cognito.replicas import SECONDARY, Replica

_MULTI_REGION: Final = ":key/mrk-"
"""How the ARNs of multi-Region keys differ
(https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html)."""


@dataclass(frozen=True, slots=True)
class Requirement:
    """One thing that replication asks for. `met` is None where nobody can say."""

    what: str
    met: bool | None
    why: str

    def document(self) -> dict[str, Any]:
        """The requirement for a program."""
        return {"requirement": self.what, "met": self.met, "why": self.why}


def requirements(description: Mapping[str, Any]) -> list[Requirement]:
    """What replication asks for, and whether the pool (DescribeUserPool's UserPool) has it."""
    plan = str(description.get("UserPoolTier") or "not known")
    key = description.get("KeyConfiguration") or {}
    arn, issuer = str(key.get("KmsKeyArn") or ""), (description.get("IssuerConfiguration") or {}).get("Type")
    own = key.get("KeyType") == "CUSTOMER_MANAGED_KEY" or bool(arn)
    if not own:
        held = "the pool is encrypted with a key of AWS's"
    else:
        held = "the key is a multi-Region one" if _MULTI_REGION in arn else "the key is of one Region only"
    return [
        Requirement("Essentials or Plus plan", plan in ("ESSENTIALS", "PLUS"), f"the pool's plan is {plan}"),
        Requirement("a multi-Region key of your own", own and _MULTI_REGION in arn, held),
        Requirement(
            "the updated issuer",
            issuer == "UPDATED",
            f"the issuer is {str(issuer or 'ORIGINAL').lower()}; changing it changes the tokens' issuer",
        ),
        Requirement(
            "the newer infrastructure", None, "no API tells; the console shows it for an eligible pool"
        ),
    ]


def limits(description: Mapping[str, Any]) -> list[str]:
    """What a replica of this pool would not do."""
    found = [
        "it creates no users, resets no passwords and cannot be promoted",
        "deletions reach it: it is no backup",
    ]
    if description.get("MfaConfiguration", "OFF") != "OFF":
        found.append("users with an authenticator app cannot sign in there")
    return found


def verdict(asked: Iterable[Requirement], replicas: Iterable[Replica]) -> str:
    """In one sentence."""
    there = [replica for replica in replicas if replica.role == SECONDARY]
    if there:
        return "it is replicated: " + ", ".join(f"{each.region} ({each.status})" for each in there)
    missing = [each.what for each in asked if each.met is False]
    if missing:
        return f"not eligible as it is; it lacks {', '.join(missing)}"
    return "eligible as far as its description says"
