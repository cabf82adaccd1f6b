"""`make local`: the embedded AWS with both stacks deployed, in the foreground until Ctrl-C."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from local.deployment import (
    BACKUP,
    BUILD_DIR,
    PRIMARY,
    STATE_DIR,
    Deployment,
    build,
    deploy_both,
    deploy_settings,
)
from local.embedded import CREDENTIALS, EmbeddedAws
from local.people import create_pool
from local.processes import REPOSITORY, EmbeddedAwsError

CHECK_SECONDS = 1.0
COMMANDS = """\
[dim]# the command line (docs/runbook.md): is the backup good; a backup; a restore[/]
.venv/bin/lifeboat status --local{folder}
.venv/bin/lifeboat export --local{folder} --wait
.venv/bin/lifeboat import --local{folder} --create-pool people --wait

[dim]# point the AWS CLI, boto3 or any other client at it[/]
export {variables}

[dim]# a user, then an export[/]
aws cognito-idp admin-create-user --user-pool-id {pool} --username ada \\
  --message-action SUPPRESS --user-attributes Name=email,Value=ada@example.com
aws stepfunctions start-execution --state-machine-arn {export} --input '{{}}'
aws dynamodb scan --table-name {table}

[dim]# the primary Region's Cognito goes away; an import into the empty pool of the other[/]
curl -X PUT {front}/_front/regions/{primary} -d '{{"available": false}}'
aws stepfunctions start-execution --region {backup} --state-machine-arn {restore} \\
  --input '{{"NewUserPoolId": "{target}"}}'

[dim]# which calls Cognito received[/]
curl {front}/_front/calls
"""


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="Start the embedded AWS on loopback, deploy to both Regions, and stay until Ctrl-C.",
    )
    parser.add_argument(
        "--port", type=int, default=0, help="of the embedded AWS; 0 (the default) is a free one"
    )
    parser.add_argument("--front-port", type=int, default=0, help="of the Cognito front; 0 is a free one")
    parser.add_argument("--seed", type=int, help="of the front's faults, to repeat a run")
    parser.add_argument(
        "--state-dir", type=Path, default=STATE_DIR, help="for logs and stack.json (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def describe(console: Console, embedded: EmbeddedAws, deployment: Deployment, target_pool_id: str) -> None:
    """Say where everything is and how to use it."""
    primary, backup = deployment.primary, deployment.backup
    for role, stack in (("Primary", primary), ("Backup", backup)):
        console.print(f"[bold]{role} stack {stack.name} in {stack.region}[/]")
        own = {"UserPoolId": deployment.user_pool_id} if stack is primary else {"empty pool": target_pool_id}
        for name, value in (own | stack.outputs).items():
            console.print(f"  {name:<27} {value}", highlight=False, soft_wrap=True)
    console.print()
    variables = {
        "AWS_ENDPOINT_URL": embedded.endpoint_url,
        "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": embedded.cognito_endpoint_url,
        **CREDENTIALS,
        "AWS_DEFAULT_REGION": primary.region,
    }
    folder = "" if embedded.state_dir == STATE_DIR else f" --local-dir {embedded.state_dir}"
    commands = COMMANDS.format(
        folder=folder,
        variables=" \\\n  ".join(f"{name}={value}" for name, value in variables.items()),
        pool=deployment.user_pool_id,
        export=primary.outputs.get("ExportWorkflowArn", ""),
        restore=backup.outputs.get("ImportWorkflowArn", ""),
        table=primary.outputs.get("BackupTableName", ""),
        primary=primary.region,
        backup=backup.region,
        target=target_pool_id,
        front=embedded.cognito_endpoint_url,
    )
    console.print(commands, highlight=False, soft_wrap=True)
    console.print(f"Logs and stack.json: {embedded.state_dir}", highlight=False, soft_wrap=True)


def stop_on_sigterm(_number: int, _frame: FrameType | None) -> None:
    """Treat SIGTERM as Ctrl-C."""
    raise KeyboardInterrupt


def run(arguments: argparse.Namespace, source_dir: Path, build_dir: Path) -> None:
    """Start, deploy, describe, and wait for Ctrl-C."""
    console = Console()
    with console.status("Building (sam build)"):
        build(source_dir, build_dir)
    embedded = EmbeddedAws(
        arguments.state_dir, port=arguments.port, front_port=arguments.front_port, seed=arguments.seed
    )
    with embedded:
        with console.status("Deploying to both Regions (sam deploy)"):
            primary, backup = (deploy_settings(source_dir, each)["region"] for each in (PRIMARY, BACKUP))
            pool_id = create_pool(embedded.client("cognito-idp", primary), "people")
            target_pool_id = create_pool(embedded.client("cognito-idp", backup), "people-restored")
            deployment = deploy_both(embedded, pool_id, source_dir=source_dir, build_dir=build_dir)
        describe(console, embedded, deployment, target_pool_id)
        console.print("[bold]Running.[/] Ctrl-C stops everything.")
        until_stopped = threading.Event()
        while not until_stopped.wait(CHECK_SECONDS):
            embedded.check()


def main(
    arguments: Sequence[str] | None = None, source_dir: Path = REPOSITORY, build_dir: Path = BUILD_DIR
) -> int:
    """Run until Ctrl-C or SIGTERM, which are success. Returns 1 if the embedded AWS does not start."""
    parsed = parse(arguments)
    signal.signal(signal.SIGTERM, stop_on_sigterm)
    try:
        run(parsed, source_dir, build_dir)
    except KeyboardInterrupt:
        print("Stopped.")
    except EmbeddedAwsError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
