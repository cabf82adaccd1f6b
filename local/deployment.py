"""Deploy the application to the embedded AWS: the real `sam build` once, `sam deploy` for each stack.

What was built is packed once, too, so that a deployment need not do it again each time.

The config environments are `local-primary` and `local-backup` of samconfig.toml. What is known only now (the
user pool) or differs from stack to stack (names) is merged with their parameter_overrides, because
`--parameter-overrides` on sam's command line replaces those of the file.
"""

import compileall
import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any

import yaml

from local.embedded import CREDENTIALS, EmbeddedAws
from local.processes import LOOPBACK, REPOSITORY, Child, EmbeddedAwsError, clean_environment

PRIMARY = "local-primary"
BACKUP = "local-backup"
STATE_DIR = REPOSITORY / ".local"
BUILD_DIR = STATE_DIR / "build"
SOURCES = ("template.yaml", "samconfig.toml", "functions", "layers", "statemachines")
CODE = {"CodeUri", "ContentUri"}
"""The properties that name a directory to zip."""

NETWORK_VARIABLES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True)
class Stack:
    """A deployed stack and its outputs."""

    name: str
    region: str
    outputs: dict[str, str]


@dataclass(frozen=True)
class Deployment:
    """The application in both Regions."""

    primary: Stack
    backup: Stack
    user_pool_id: str


def build(source_dir: Path = REPOSITORY, build_dir: Path = BUILD_DIR) -> Path:
    """Build the application for this machine, unless that is done already, and return the built template.

    May be called by several processes at once: one builds and the others wait.
    Raises EmbeddedAwsError when `sam build` fails.
    """
    build_dir.parent.mkdir(parents=True, exist_ok=True)
    built, stamp = build_dir / "template.yaml", build_dir.with_suffix(".sources")
    sources = digest_of_sources(source_dir)
    with exclusive(build_dir.with_suffix(".lock")):
        if not (packed_template(build_dir).exists() and stamp.exists() and stamp.read_text() == sources):
            stamp.unlink(missing_ok=True)
            command = ["build", "--template-file", str(source_dir / "template.yaml")]
            command += ["--build-dir", str(build_dir), "--config-env", PRIMARY]
            command += ["--config-file", str(source_dir / "samconfig.toml")]
            start_sam(command, build_environment(), build_dir.with_suffix(".log")).finish()
            compile_layers(build_dir)
            pack(built)
            stamp.write_text(sources)
    return built


def compile_layers(build_dir: Path) -> None:
    """Compile the layers' modules, which otherwise the first function of every embedded AWS would have to do.

    Regardless of the sources' dates, which a deployment does not keep.
    """
    for layer in build_dir.glob("*/python"):
        compileall.compile_dir(layer, quiet=2, invalidation_mode=PycInvalidationMode.UNCHECKED_HASH)


def pack(template: Path) -> Path:
    """Write a built template as JSON beside it, with its code zipped; return that.

    Reading YAML, of which `sam build` writes a plain kind without tags, and zipping the same layer for each
    deployment would be most of what a deployment takes.
    """
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = yaml.load(template.read_text(), Loader=loader)
    for resource in document["Resources"].values():
        properties = resource.get("Properties", {})
        for name in CODE & properties.keys():
            directory = template.parent / str(properties[name])
            if directory.is_dir():
                properties[name] = Path(shutil.make_archive(str(directory), "zip", directory)).name
    packed = packed_template(template.parent)
    packed.write_text(json.dumps(document))
    return packed


def packed_template(build_dir: Path) -> Path:
    """Return where the template is that is deployed."""
    return build_dir / "template.json"


def build_environment() -> dict[str, str]:
    """Return the environment of `sam build`: pip's settings of the caller, and this machine as the target."""
    handed_on = {
        name: value
        for name, value in os.environ.items()
        if name.startswith("PIP_") or name.upper() in NETWORK_VARIABLES
    }
    return clean_environment(**handed_on, PYTHON=sys.executable, LAYER_PIP_TARGET="--only-binary=:all:")


def digest_of_sources(source_dir: Path) -> str:
    """Return a digest of everything that `sam build` reads, and of the interpreter it builds for."""
    digest = hashlib.sha256(sys.version.encode())
    for name in SOURCES:
        found = [source_dir / name, *sorted((source_dir / name).rglob("*"))]
        for path in (path for path in found if path.is_file() and "__pycache__" not in path.parts):
            digest.update(f"{path.relative_to(source_dir)}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


@contextlib.contextmanager
def exclusive(lock: Path) -> Iterator[None]:
    """Hold a lock that one process has at a time; it ends with the process."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@dataclass(frozen=True)
class Target:
    """One stack to deploy: what samconfig.toml says of it, and what is known only now."""

    config_env: str
    source_dir: Path
    build_dir: Path
    overrides: Mapping[str, str]
    stack_suffix: str

    @property
    def settings(self) -> dict[str, Any]:
        """What samconfig.toml tells `sam deploy`."""
        return deploy_settings(self.source_dir, self.config_env)

    @property
    def name(self) -> str:
        """The stack's name."""
        return str(self.settings["stack_name"]) + self.stack_suffix

    @property
    def region(self) -> str:
        """The stack's Region."""
        return str(self.settings["region"])

    def start(self, embedded: EmbeddedAws) -> Child:
        """Start `sam deploy`."""
        command = ["deploy", "--template-file", str(packed_template(self.build_dir)), "--use-json"]
        command += ["--config-file", str(self.source_dir / "samconfig.toml"), "--config-env", self.config_env]
        command += ["--stack-name", self.name, "--no-progressbar"]
        parameters = {**parameter_overrides(self.settings), **self.overrides}
        if parameters:
            command += ["--parameter-overrides", *(quoted(*parameter) for parameter in parameters.items())]
        log = embedded.state_dir / f"deploy-{self.region}-{self.name}.log"
        return start_sam(command, deploy_environment(embedded), log)

    def deployed(self, embedded: EmbeddedAws) -> Stack:
        """Return the deployed stack."""
        stacks = embedded.client("cloudformation", self.region).describe_stacks(StackName=self.name)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stacks[0].get("Outputs", [])}
        return Stack(self.name, self.region, outputs)


def deploy(
    embedded: EmbeddedAws,
    config_env: str,
    *,
    overrides: Mapping[str, str] | None = None,
    stack_suffix: str = "",
    source_dir: Path = REPOSITORY,
    build_dir: Path = BUILD_DIR,
) -> Stack:
    """Deploy one stack, built before, by `sam deploy --config-env` and return its outputs.

    overrides replace parameters of samconfig.toml by name; stack_suffix makes the stack's name another.
    Raises EmbeddedAwsError when `sam deploy` fails.
    """
    target = Target(config_env, source_dir, build_dir, overrides or {}, stack_suffix)
    target.start(embedded).finish()
    return target.deployed(embedded)


def deploy_both(
    embedded: EmbeddedAws,
    user_pool_id: str,
    *,
    overrides: Mapping[str, str] | None = None,
    stack_suffix: str = "",
    source_dir: Path = REPOSITORY,
    build_dir: Path = BUILD_DIR,
) -> Deployment:
    """Build once, deploy the primary and the backup stack, and write `stack.json` to the state directory.

    stack_suffix is added to both stacks' names and to the table's, so that several deployments stand side
    by side. Raises EmbeddedAwsError when `sam build` or `sam deploy` fails.
    """
    build(source_dir, build_dir)

    def target(config_env: str, **own: str) -> Target:
        configured = parameter_overrides(deploy_settings(source_dir, config_env))
        own["BackupTableName"] = configured["BackupTableName"] + stack_suffix
        return Target(config_env, source_dir, build_dir, {**own, **(overrides or {})}, stack_suffix)

    primary, backup = target(PRIMARY, UserPoolId=user_pool_id), target(BACKUP)
    with contextlib.ExitStack() as running:  # both at once: the Regions do not wait for each other
        started = [each.start(embedded) for each in (primary, backup)]
        for child in started:
            running.callback(child.stop)
        for child in started:
            child.finish()
    deployment = Deployment(primary.deployed(embedded), backup.deployed(embedded), user_pool_id)
    write_stack_file(embedded, deployment)
    return deployment


def write_stack_file(embedded: EmbeddedAws, deployment: Deployment) -> Path:
    """Write where everything is, for any other program, to `stack.json` in the state directory."""
    primary, backup = deployment.primary, deployment.backup
    content = {
        "endpoint_url": embedded.endpoint_url,
        "cognito_endpoint_url": embedded.cognito_endpoint_url,
        "primary": {
            "stack": primary.name,
            "region": primary.region,
            "user_pool_id": deployment.user_pool_id,
            "outputs": primary.outputs,
        },
        "backup": {"stack": backup.name, "region": backup.region, "outputs": backup.outputs},
    }
    path = embedded.state_dir / "stack.json"
    path.write_text(json.dumps(content, indent=2) + "\n")
    return path


def deploy_settings(source_dir: Path, config_env: str) -> dict[str, Any]:
    """Return what samconfig.toml tells `sam deploy` in a config environment."""
    config = tomllib.loads((source_dir / "samconfig.toml").read_text())
    try:
        environment = config[config_env]
    except KeyError:
        raise EmbeddedAwsError(f"samconfig.toml has no config environment {config_env}") from None
    shared = environment.get("global", {}).get("parameters", {})
    return {**shared, **environment["deploy"]["parameters"]}


def parameter_overrides(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that samconfig.toml overrides, written there as a list of KEY=VALUE."""
    return dict(parameter.split("=", 1) for parameter in settings.get("parameter_overrides", []))


def quoted(name: str, value: str) -> str:
    """Write one parameter for sam's command line, which reads a shell-like language of its own."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{escaped}"'


def deploy_environment(embedded: EmbeddedAws) -> dict[str, str]:
    """Return the environment of `sam deploy`: the embedded AWS and nothing of the caller's AWS settings."""
    return clean_environment(
        **CREDENTIALS,
        AWS_ENDPOINT_URL=embedded.endpoint_url,
        AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=embedded.cognito_endpoint_url,
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY=LOOPBACK,
    )


def start_sam(arguments: list[str], environment: dict[str, str], log: Path) -> Child:
    """Start the SAM CLI of this interpreter, with its output in a log."""
    own_files = log.with_suffix(".sam")  # what it otherwise keeps in the home directory
    settings = {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}",
        "COLUMNS": "200",  # of the tables in its log
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",  # seconds between two looks at a stack; 5 by default
        "__SAM_CLI_APP_DIR": str(own_files),
    }
    return Child(f"sam {arguments[0]}", ["samcli", *arguments], environment | settings, log)
