"""What is looked at before the first deployment: account, Regions, pool, names that are taken, the trail."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from botocore.exceptions import BotoCoreError, ClientError

from cli.deployment.samconfig import Wanted
from cli.deployment.template_parameters import check
from cli.pricing.cost import Pool
from cli.pricing.prices import ACTIVE_USER
from cli.problems import WrongUse, problem_of

Client = Callable[[str, str], Any]
"""A boto3 client by service and Region."""

State = Literal["ok", "note", "problem"]

PAGE: Final = 60
A_DAY: Final = {"minute": 1_440.0, "hour": 24.0, "day": 1.0}
DEFAULT_SCHEDULE: Final = "rate(1 day)"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: well, worth knowing, or in the way. `remedy` says what to do about it."""

    name: str
    state: State
    text: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be deployed, checked against the template's rules. `email` "" asks for no notifications."""

    pool_id: str
    region: str
    backup_region: str
    stack: str
    table: str
    schedule: str = DEFAULT_SCHEDULE
    email: str = ""
    live_sync: str = "OFF"

    def __post_init__(self) -> None:
        for name, value in (*self._primary().items(), *self._backup().items()):
            check(name, value)
        if self.pool_id.partition("_")[0] != self.region:
            raise WrongUse(
                f"the pool {self.pool_id} is not in {self.region}",
                "Name the pool's own Region with --region.",
            )
        if self.backup_region == self.region:
            raise WrongUse("the backup Region is the pool's own", "Name another Region with --backup-region.")

    def stacks(self) -> tuple[Wanted, Wanted]:
        """Both stacks, as samconfig.toml is to have them."""
        return (
            Wanted("primary", self.stack, self.region, self._primary()),
            Wanted("backup", self.stack, self.backup_region, self._backup()),
        )

    def commands(self, config: str = "samconfig.toml") -> list[str]:
        """What to type to deploy, by a file of that name."""
        file = "" if config == "samconfig.toml" else f" --config-file {config}"
        return ["sam build", *(f"sam deploy{file} --config-env {name}" for name in ("primary", "backup"))]

    def exports_per_day(self) -> float:
        """How often the schedule exports; a cron expression counts as once."""
        rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", self.schedule)
        return A_DAY[rate[2]] / int(rate[1]) if rate else 1.0

    def _primary(self) -> dict[str, str]:
        return {"StackRole": "primary", "UserPoolId": self.pool_id, **self._both()}

    def _backup(self) -> dict[str, str]:
        return {"StackRole": "backup", **self._both()}

    def _both(self) -> dict[str, str]:
        both = {
            "BackupRegion": self.backup_region,
            "BackupTableName": self.table,
            "ExportSchedule": self.schedule,
            "LiveSync": self.live_sync,
        }
        return {**both, "NotificationEmail": self.email} if self.email else both


@dataclass(slots=True)
class Survey:
    """What was found."""

    account: str = ""
    users: int = 0
    plan: str = "essentials"
    checks: list[Check] = field(default_factory=list)

    @property
    def fine(self) -> bool:
        """Whether nothing is in the way."""
        return all(each.state != "problem" for each in self.checks)

    def priced(self, plan: Plan) -> Pool:
        """The pool as `lifeboat cost` takes it."""
        return Pool(
            self.users,
            exports_per_day=plan.exports_per_day(),
            live=plan.live_sync != "OFF",
            plan=self.plan,
        )


def pools(client: Client, region: str) -> list[tuple[str, str]]:
    """The ids and names of the pools of a Region."""
    pages = client("cognito-idp", region).get_paginator("list_user_pools")
    return [
        (str(pool["Id"]), str(pool["Name"]))
        for page in pages.paginate(MaxResults=PAGE)
        for pool in page["UserPools"]
    ]


def account_of(client: Client, region: str) -> str:
    """The account that the credentials are of. Raises boto's errors where there are none that work."""
    return str(client("sts", region).get_caller_identity()["Account"])


def survey(client: Client, plan: Plan) -> Survey:
    """Look at everything; nothing is changed. Raises boto's errors where credentials do not work at all."""
    found = Survey(account_of(client, plan.region))
    found.checks.append(Check("account", "ok", f"credentials of account {found.account}"))
    pool = _pool(client, plan, found.checks)
    if pool is not None:
        found.users = int(pool.get("EstimatedNumberOfUsers", 0))
        tier = str(pool.get("UserPoolTier", "")).lower()
        found.plan = tier if tier in ACTIVE_USER else "essentials"
        found.checks += _kind(pool)
    found.checks += _backup_region(client, plan)
    owned = False
    for role, region in (("primary", plan.region), ("backup", plan.backup_region)):
        stack = _stack(client, plan.stack, region)
        found.checks.append(_stack_check(role, region, plan.stack, stack))
        owned = owned or (stack is not None and _output(stack, "BackupTableName") == plan.table)
        found.checks += _table(client, plan.table, region, owned)
    if plan.live_sync != "OFF":
        found.checks.append(_trail(client, plan.region))
    return found


def _pool(client: Client, plan: Plan, checks: list[Check]) -> Mapping[str, Any] | None:
    try:
        answer = client("cognito-idp", plan.region).describe_user_pool(UserPoolId=plan.pool_id)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        text = f"there is no user pool {plan.pool_id} in this account"
        checks.append(Check("pool", "problem", text, "Correct --pool, or name another --profile."))
        return None
    pool: Mapping[str, Any] = answer["UserPool"]
    users = int(pool.get("EstimatedNumberOfUsers", 0))
    checks.append(Check("pool", "ok", f"{pool['Name']}, about {users:,} users"))
    return pool


def _kind(pool: Mapping[str, Any]) -> Iterator[Check]:
    """What an operator should know of this kind of pool before the day; docs/fidelity.md has all of it."""
    signs_in = pool.get("UsernameAttributes") or []
    if signs_in:
        text = f"users sign in by {' or '.join(signs_in)}: a restore gives them new usernames and new subs"
    else:
        text = "users keep their usernames in a restore, and get new subs"
    remedy = "If your application keeps subs, look at SourceSubAttribute in docs/parameters.md."
    yield Check("names", "note", text, remedy)
    if not pool.get("AutoVerifiedAttributes"):
        yield Check(
            "import jobs",
            "note",
            "the pool verifies no address by itself, so a restore cannot use import jobs",
            "Each restored user is then a billed active user; docs/cost.md says what that costs.",
        )
    if pool.get("MfaConfiguration", "OFF") != "OFF":
        yield Check(
            "second factors",
            "note",
            "authenticator apps cannot be backed up; SMS and email can",
            "For email as a second factor see CaptureMfaPreferences in docs/parameters.md.",
        )
    if pool.get("LambdaConfig"):
        yield Check(
            "triggers",
            "note",
            f"the pool has triggers: {', '.join(sorted(pool['LambdaConfig']))}",
            "Have the same functions in the backup Region, and map them with --map when you restore.",
        )
    if pool.get("DeletionProtection") != "ACTIVE":
        text = "the pool is not protected against deletion"
        yield Check("deletion", "note", text, "Switch its deletion protection on in the console.")


def _backup_region(client: Client, plan: Plan) -> Iterator[Check]:
    try:
        client("cognito-idp", plan.backup_region).list_user_pools(MaxResults=1)
    except (ClientError, BotoCoreError) as error:
        problem = problem_of(error)
        yield Check(
            "backup Region",
            "problem",
            f"{plan.backup_region}: {problem.message}",
            "Name a Region with Amazon Cognito that this account has enabled.",
        )
    else:
        yield Check("backup Region", "ok", f"{plan.backup_region} answers")


def _stack(client: Client, name: str, region: str) -> Mapping[str, Any] | None:
    try:
        answer = client("cloudformation", region).describe_stacks(StackName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] == "ValidationError":  # CloudFormation's word for "no such stack"
            return None
        raise
    stack: Mapping[str, Any] = answer["Stacks"][0]
    return stack


def _stack_check(role: str, region: str, name: str, stack: Mapping[str, Any] | None) -> Check:
    title = f"{role} stack"
    if stack is None:
        return Check(title, "ok", f"{name} in {region} is new")
    there = _output(stack, "StackRole")
    if there == role:
        return Check(title, "note", f"{name} in {region} is there already, and will be updated")
    what = f"a {there} stack" if there else "another application's"
    return Check(title, "problem", f"{name} in {region} is {what}", "Choose another name with --stack.")


def _table(client: Client, name: str, region: str, owned: bool) -> Iterator[Check]:
    try:
        client("dynamodb", region).describe_table(TableName=name)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ResourceNotFoundException":
            raise
        return
    if not owned:
        yield Check(
            "table",
            "problem",
            f"{region} has a table {name} that belongs to neither stack",
            "Choose another name with --table; a deleted stack leaves its table behind.",
        )


def _trail(client: Client, region: str) -> Check:
    """Whether CloudTrail's events reach EventBridge: they do where a trail logs management events."""
    try:
        trails = client("cloudtrail", region)
        for trail in trails.describe_trails(includeShadowTrails=True)["trailList"]:
            if trails.get_trail_status(Name=trail["TrailARN"]).get("IsLogging"):
                return Check("trail", "ok", f"the trail {trail['Name']} is logging")
    except (ClientError, BotoCoreError) as error:
        text = f"the trails could not be looked at: {problem_of(error).message}"
        return Check("trail", "note", text, "docs/live.md says how to look.")
    return Check(
        "trail",
        "problem",
        f"no trail is logging in {region}, and without one most changes are not captured",
        "Make a trail of management events (docs/live.md), or leave --live-sync OFF.",
    )


def _output(stack: Mapping[str, Any], name: str) -> str:
    outputs = {each["OutputKey"]: str(each["OutputValue"]) for each in stack.get("Outputs", [])}
    return outputs.get(name, "")
