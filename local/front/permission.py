"""Operations that the front answers itself, and whether a call's sender may use them.

ministack decides that by the sender's role before it looks at an operation, also at one it does not have:
so it is asked first. Its answer to what is allowed is InvalidAction.
"""

from local.front.hooks import Hooks
from local.front.protocol import Answer, Call, CognitoError
from local.front.upstream import Upstream
from local.private_actions import ALL

UNKNOWN_UPSTREAM = "InvalidAction"

LACKING = (
    "CreateManagedLoginBranding",
    "CreateUserImportJob",
    "CreateUserPoolReplica",
    "DeleteManagedLoginBranding",
    "DeleteUserPoolReplica",
    "DescribeManagedLoginBranding",
    "DescribeManagedLoginBrandingByClient",
    "DescribeRiskConfiguration",
    "DescribeUserImportJob",
    "GetCSVHeader",
    "GetLogDeliveryConfiguration",
    "ListUserImportJobs",
    "ListUserPoolReplicas",
    "SetLogDeliveryConfiguration",
    "SetRiskConfiguration",
    "StartUserImportJob",
    "StopUserImportJob",
    "UpdateGroup",
    "UpdateManagedLoginBranding",
    "UpdateUserPoolReplica",
)


class Permission:
    """A feature: to be registered before those that answer in ministack's place."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    def register(self, hooks: Hooks) -> None:
        """Plug in."""
        hooks.before(self._check, *LACKING)
        hooks.before(_refuse, *ALL)

    async def _check(self, call: Call) -> Answer | None:
        answer = await self._upstream.pass_on(call)
        return None if answer.error == UNKNOWN_UPSTREAM else answer


async def _refuse(call: Call) -> None:
    """Refuse to clients what only the front may ask."""
    raise CognitoError("UnknownOperationException", f"There is no operation {call.operation}.")
