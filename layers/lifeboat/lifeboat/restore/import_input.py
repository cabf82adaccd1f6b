"""The input of the ImportWorkflow, as a person types it, and the words in which a mistake in it is told."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lifeboat.restore.moment import EXPECTED_MOMENT
from lifeboat.restore.tasks import ON_SIGN_IN

POOL_ID = r"^[a-z]{2}(-[a-z]+)+-[0-9]+_[0-9A-Za-z]+$"
SOURCE_SUB = r"^custom:[\p{L}\p{M}\p{S}\p{N}\p{P}]{1,20}$"
Arn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:[^\s]+$", max_length=2048)]
IMPORT_ID = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z-[0-9a-f]{8}$"


class PoolToCreate(BaseModel):
    """Value of CreateUserPool."""

    model_config = ConfigDict(extra="forbid", strict=True)

    PoolName: str = Field(min_length=1, max_length=128, pattern=r"^[\w\s+=,.@-]+$")


class ImportInput(BaseModel):
    """What may be typed as the input of the ImportWorkflow."""

    model_config = ConfigDict(extra="forbid", strict=True)

    NewUserPoolId: str | None = Field(default=None, pattern=POOL_ID)
    CreateUserPool: PoolToCreate | None = None
    Resume: str | None = Field(default=None, pattern=IMPORT_ID)
    AsOf: str | None = None
    UserLane: Literal["auto", "csv", "api"] | None = None
    ArnMap: dict[Arn, Arn] | None = Field(default=None, max_length=500)
    SourceSubAttribute: str | None = Field(default=None, pattern=SOURCE_SUB)
    AcceptDifferences: bool = False
    OnDemand: bool | None = None
    Memberships: Literal["NOW", "ON_SIGN_IN"] | None = None

    @model_validator(mode="after")
    def _names_a_pool(self) -> ImportInput:
        if self.NewUserPoolId is not None and self.CreateUserPool is not None:
            raise ValueError(
                "CreateUserPool: cannot be given together with NewUserPoolId; leave one of them out"
            )
        if self.CreateUserPool is not None and self.Resume is not None:
            raise ValueError("CreateUserPool: cannot be given together with Resume; give Resume alone")
        if self.NewUserPoolId is None and self.CreateUserPool is None and self.Resume is None:
            raise ValueError(
                f"NewUserPoolId: missing; expected {EXPECTED['NewUserPoolId']}, or CreateUserPool or Resume"
            )
        if self.AsOf is not None:
            _present_only("OnDemand", bool(self.OnDemand))
            _present_only("Memberships", self.Memberships == ON_SIGN_IN)
        return self


def _present_only(key: str, asked: bool) -> None:
    if asked:
        raise ValueError(
            f"{key}: cannot be given together with AsOf; whoever signs in comes back as the backup is now"
        )


EXPECTED = {
    "NewUserPoolId": "the id of an empty user pool in this Region, such as eu-west-1_AbCdEf123",
    "CreateUserPool": 'an object {"PoolName": …} with a name of 1 to 128 letters, digits, spaces or +=,.@-_',
    "Resume": "the id of an earlier import, as its ledger, report and notification give it",
    "AsOf": EXPECTED_MOMENT,
    "UserLane": '"auto", "csv" or "api"',
    "ArnMap": "an object of at most 500 ARNs of the lost Region, each with the ARN that stands for it",
    "SourceSubAttribute": 'the name of a custom attribute, such as "custom:source_sub"',
    "AcceptDifferences": "true or false",
    "OnDemand": "true or false",
    "Memberships": '"NOW" or "ON_SIGN_IN"',
}
