"""What the control API can set, and how what a person sends is checked.

Each PUT body is one of these models. Types are strict (`"0.2"` is not 0.2), unknown members are refused, and
a refusal names the field.
"""

import re
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from local.front.categories import CATEGORIES
from local.front.faults import Fault
from local.front.quotas import QuotaSettings

T = TypeVar("T")

TRIGGER_SECONDS = 5.0
REGION = re.compile(r"[a-z]{2,}(-[a-z]+)+-\d+")

RegionName = Annotated[str, Field(pattern=rf"^{REGION.pattern}$")]
Milliseconds = Annotated[float, Field(ge=0, le=3_600_000)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class BadSettings(ValueError):
    """A body that a control path does not take. `field` is what is wrong with it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(f"{name}: {message}" if name else message)
        self.field = name


class _Body(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid")


class ImportSettings(_Body, frozen=True):
    """`PUT /_front/imports`: how user import jobs go. The defaults are documented, or observed, at AWS.

    More than `failure_threshold` failed and skipped rows end a job; AWS does not say how many do, and None is
    any number. `default_status` is that of users who cannot sign in without a password. The upload URL is
    good for `upload_seconds`; a job that is not started expires after `expire_seconds`.
    """

    start_seconds: Seconds = 10.0
    users_per_second: Rate = 35.0
    failure_threshold: Annotated[int, Field(ge=0)] | None = None
    default_status: Literal["RESET_REQUIRED", "CONFIRMED"] = "RESET_REQUIRED"
    upload_seconds: Seconds = 900.0
    expire_seconds: Seconds = 86_400.0


class EventSettings(_Body, frozen=True):
    """`PUT /_front/events`: how the events of calls arrive (`trail.py`).

    Each comes `delay_ms` after its call. Shares from 0 to 1: those of `lose` never come, those of `reorder`
    come up to `spread_ms` later than they should, behind events of later calls, those of `duplicate` come
    again, up to `spread_ms` later.
    """

    delay_ms: Milliseconds = 50.0
    spread_ms: Milliseconds = 1_000.0
    duplicate: Share = 0.0
    reorder: Share = 0.0
    lose: Share = 0.0


@dataclass(slots=True)
class Conditions:
    """What the front simulates besides quotas and faults: lost Regions, latency, the pace of import jobs."""

    lost_regions: set[str] = field(default_factory=set)
    latency_ms: float = 0.0
    imports: ImportSettings = field(default_factory=ImportSettings)
    trigger_seconds: float = TRIGGER_SECONDS


class TriggerBody(_Body):
    """`PUT /_front/triggers`: how long a trigger may take at each of its three attempts."""

    limit_seconds: Rate = TRIGGER_SECONDS


class RegionBody(_Body):
    """`PUT /_front/regions/{region}`."""

    available: bool


class SeedBody(_Body):
    """`PUT /_front/seed`."""

    seed: int


class LatencyBody(_Body):
    """`PUT /_front/latency`."""

    latency_ms: Milliseconds


class FederatedBody(_Body):
    """`POST /_front/federated`: who signs in, as a provider tells Cognito.

    `attributes` are the pool's, as the provider's mapping gives them. Without a client the sign-in comes
    through an app client that takes the provider.
    """

    pool_id: Annotated[str, Field(pattern=r"^[\w-]+_[0-9a-zA-Z]+$")]
    provider: Annotated[str, Field(min_length=1)]
    user_id: Annotated[str, Field(min_length=1)]
    attributes: dict[str, str] = Field(default_factory=dict)
    client_id: str | None = None


class QuotasBody(_Body):
    """`PUT /_front/quotas`: overrides are requests a second by category, before `scale`."""

    enforce: bool = True
    scale: Rate = 1.0
    overrides: dict[str, Rate] = Field(default_factory=dict)


class FaultBody(_Body):
    """One rule of `PUT /_front/faults`; see `faults.Fault`."""

    operation: str
    region: RegionName | None = None
    rate: Annotated[float, Field(ge=0, le=1)] = 1.0
    error: Literal["InternalErrorException", "TooManyRequestsException", "timeout"] | None = None
    latency_ms: Milliseconds = 0.0
    after: bool = False
    hold_ms: Milliseconds = 5_000.0
    shows: Annotated[float, Field(ge=0, le=1)] | None = None
    where: str | None = None


class FaultsBody(_Body):
    """`PUT /_front/faults` with a seed; a bare list of rules is the same without one."""

    faults: list[FaultBody]
    seed: int | None = None


def read(model: type[T], body: Any, name: str = "") -> T:
    """Check a parsed body against a model; raises BadSettings that names the field, within `name`."""
    try:
        return TypeAdapter(model).validate_python(body)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise BadSettings(_path(name, first["loc"]), str(first["msg"])) from None


def read_quotas(body: Any) -> QuotaSettings:
    """Read `PUT /_front/quotas`."""
    quotas = read(QuotasBody, body)
    for category in quotas.overrides:
        if category not in CATEGORIES:
            raise BadSettings(f"overrides.{category}", f"is no category; there are {', '.join(CATEGORIES)}")
    return QuotaSettings(quotas.enforce, quotas.scale, quotas.overrides)


def read_faults(body: Any, operations: frozenset[str]) -> tuple[tuple[Fault, ...], int | None]:
    """Read `PUT /_front/faults`: the rules, and the seed if one came with them."""
    given = read(FaultsBody, {"faults": body} if isinstance(body, list) else body)
    for place, rule in enumerate(given.faults):
        if rule.operation != "*" and rule.operation not in operations:
            name = f"faults[{place}].operation"
            raise BadSettings(name, f"{rule.operation!r} is no operation of Cognito user pools, nor '*'")
    return tuple(Fault(**rule.model_dump()) for rule in given.faults), given.seed


def _path(name: str, location: tuple[int | str, ...]) -> str:
    """Write a place in a body as a person would: faults[0].rate."""
    for part in location:
        name += f"[{part}]" if isinstance(part, int) else f".{part}" if name else str(part)
    return name
