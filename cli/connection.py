"""Which stacks there are, and AWS clients for them: on AWS by profile and Region, or the embedded AWS."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from cli.problems import Problem, WrongUse, problem_of
from lifeboat.store.ledger import Ledger
from lifeboat.store.table import BackupTable

DEFAULT_STACK: Final = "cognito-lifeboat"
"""The stacks' name in samconfig.toml."""

Role = Literal["primary", "backup"]
ROLES: Final[tuple[Role, Role]] = ("primary", "backup")

_ROLES: Final[Mapping[str, Role]] = {"primary": "primary", "backup": "backup"}

_RETRIES: Final[Any] = {"mode": "standard", "total_max_attempts": 3}
_NOTHING: Final = (None, None, os.devnull, None)


@dataclass(frozen=True, slots=True)
class Asked:
    """The options that every command has."""

    profile: str | None = None
    region: str | None = None
    stack: str = DEFAULT_STACK
    local: bool = False
    local_dir: Path = Path(".local")


@dataclass(frozen=True, slots=True)
class Stack:
    """A deployed stack: its outputs and the parameters that it was given."""

    name: str
    region: str
    role: Role
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    def output(self, name: str) -> str:
        """An output. Raises Problem when this stack has none of that name."""
        try:
            return self.outputs[name]
        except KeyError:
            raise Problem(
                f"the {self.role} stack {self.name} in {self.region} has no output {name}",
                "Deploy it again from the present template.yaml.",
            ) from None


@dataclass(frozen=True, slots=True)
class Embedded:
    """Where the embedded AWS listens, as its stack.json says."""

    endpoint_url: str
    cognito_endpoint_url: str
    stack: str
    region: str


class Connection:
    """Finds both stacks from one of them, and makes clients.

    A Region that does not answer is nobody's end: `stacks` has what could be reached, `unreachable` says
    why the other could not. Clients are cached by service and Region.
    """

    def __init__(self, asked: Asked) -> None:
        self._embedded = _embedded(asked) if asked.local else None
        self._session: Any = _embedded_session() if asked.local else boto3.Session(profile_name=asked.profile)
        self.local = asked.local
        self.stack_name = self._embedded.stack if self._embedded else asked.stack
        self._region = asked.region or (self._embedded.region if self._embedded else None)
        self.unreachable: dict[Role, str] = {}
        self._clients: dict[tuple[str, str], Any] = {}

    @property
    def region(self) -> str:
        """The Region that was asked for. Raises WrongUse when there is none."""
        region = self._region or self._session.region_name
        if not region:
            raise WrongUse("no Region is given", "Name one of the stacks' Regions with --region.")
        return str(region)

    def client(self, service: str, region: str) -> Any:
        """A boto3 client."""
        key = (service, region)
        if key not in self._clients:
            self._clients[key] = self._session.client(service, region, **self._how(service))
        return self._clients[key]

    def _how(self, service: str) -> dict[str, Any]:
        config = Config(
            retries=_RETRIES, connect_timeout=3, read_timeout=20, user_agent_extra="cognito-lifeboat"
        )
        if self._embedded is None:
            return {"config": config}
        here = self._embedded
        url = here.cognito_endpoint_url if service == "cognito-idp" else here.endpoint_url
        own = Config(proxies={}, s3={"addressing_style": "path"})
        return {"config": config.merge(own), "endpoint_url": url}

    # -- stacks -----------------------------------------------------------------------------------

    @cached_property
    def stacks(self) -> Mapping[Role, Stack]:
        """The stacks that could be reached, by role. Raises Problem when there is none in this Region."""
        here = self._described(self.region)
        if here is None:
            raise Problem(
                f"there is no stack {self.stack_name} in {self.region}",
                "Name the stack with --stack and its Region with --region; README.md says how to deploy.",
            )
        found: dict[Role, Stack] = {here.role: here}
        role: Role = "backup" if here.role == "primary" else "primary"
        region = here.parameters.get("BackupRegion", "") if role == "backup" else self._primary_region(here)
        if not region:
            self.unreachable[role] = "its Region is known from the first export on"
            return found
        try:
            there = self._described(region)
        except (ClientError, BotoCoreError) as error:
            self.unreachable[role] = f"{region}: {problem_of(error).message}"
            return found
        if there is None:
            self.unreachable[role] = f"there is no stack {self.stack_name} in {region}"
        else:
            found[there.role] = there
        return found

    def primary(self) -> Stack:
        """The primary stack. Raises Problem when it cannot be reached."""
        return self._stack("primary")

    def backup(self) -> Stack:
        """The backup stack. Raises Problem when it cannot be reached."""
        return self._stack("backup")

    def here(self) -> Stack:
        """The stack of the Region that was asked for."""
        return next(stack for stack in self.stacks.values() if stack.region == self.region)

    def in_region(self, region: str) -> Stack:
        """The stack of a Region. Raises Problem when there is none."""
        for stack in self.stacks.values():
            if stack.region == region:
                return stack
        regions = " and ".join(stack.region for stack in self.stacks.values())
        raise Problem(
            f"there is no stack {self.stack_name} in {region}", f"The stacks that answer are in {regions}."
        )

    def _stack(self, role: Role) -> Stack:
        stacks = self.stacks
        if role not in stacks:
            raise Problem(
                f"the {role} stack cannot be reached: {self.unreachable[role]}",
                "Deploy it, or wait until its Region answers.",
            )
        return stacks[role]

    def _described(self, region: str) -> Stack | None:
        try:
            answer = self.client("cloudformation", region).describe_stacks(StackName=self.stack_name)
        except ClientError as error:
            if (
                error.response["Error"]["Code"] == "ValidationError"
            ):  # CloudFormation's word for "no such stack"
                return None
            raise
        found = answer["Stacks"][0]
        outputs = {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])}
        parameters = {
            each["ParameterKey"]: each.get("ParameterValue", "") for each in found.get("Parameters", [])
        }
        role = _ROLES.get(outputs.get("StackRole", ""))
        if role is None:
            raise Problem(
                f"the stack {self.stack_name} in {region} is not one of Cognito Lifeboat",
                "Name the stack with --stack.",
            )
        return Stack(self.stack_name, region, role, outputs, parameters)

    def _primary_region(self, backup: Stack) -> str:
        """The Region that the exports run in, as the last one's entry says."""
        latest = Ledger(self.table(backup), "export").latest()
        return str(latest["execution_arn"]).split(":")[3] if latest else ""

    # -- what the stacks have ---------------------------------------------------------------------

    def table(self, stack: Stack) -> BackupTable:
        """The backup table, as it is in a stack's Region."""
        resource = self._session.resource("dynamodb", stack.region, **self._how("dynamodb"))
        return BackupTable(resource, stack.output("BackupTableName"))


def _embedded(asked: Asked) -> Embedded:
    file = asked.local_dir / "stack.json"
    try:
        content = json.loads(file.read_text())
        region = asked.region or content["primary"]["region"]
        role = "backup" if region == content["backup"]["region"] else "primary"
        return Embedded(
            content["endpoint_url"], content["cognito_endpoint_url"], content[role]["stack"], region
        )
    except (OSError, ValueError, KeyError):
        raise Problem(
            f"there is no embedded AWS that {file} tells of",
            "Start one with `make local`, or name its folder with --local-dir.",
        ) from None


def _embedded_session() -> boto3.Session:
    """A session that looks at nothing of the caller's AWS configuration."""
    session = botocore.session.Session(
        session_vars={
            "profile": (None, None, None, None),
            "config_file": _NOTHING,
            "credentials_file": _NOTHING,
        }
    )
    session.set_credentials("test", "test")
    return boto3.Session(botocore_session=session)
