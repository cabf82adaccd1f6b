"""The embedded AWS's life: it answers on loopback only, several stand side by side, nothing is left of it."""

import contextlib
import io
import json
import signal
import subprocess
import sys
import textwrap
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from local.embedded import EmbeddedAws
from local.function_processes import FORKS
from local.processes import LOOPBACK, REPOSITORY, EmbeddedAwsError, listen
from tests.local.process_table import descendants, listening_on, running
from tests.local.standin_application import BUILD, SOURCE
from tests.local.waiting import wait_for

TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
SLEEPER = """
import pathlib, time
def handler(event, context):
    pathlib.Path(event["started"]).touch()
    time.sleep(60)
"""
# Another program that uses the embedded AWS, says where it is, and then waits to be ended in some rude way.
PARENT = """
    import sys, time
    from pathlib import Path
    from local.embedded import EmbeddedAws
    with EmbeddedAws(Path(sys.argv[1])) as aws:
        print(aws.endpoint_url, flush=True)
        time.sleep(60)
"""


def zipped(source: str) -> bytes:
    """Return a deployment package of one file."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", source)
    return content.getvalue()


def busy_function(aws: EmbeddedAws, directory: Path) -> None:
    """Start a function that is busy for a minute, and wait until it is."""
    role = aws.client("iam", "us-east-1").create_role(RoleName="sleeper", AssumeRolePolicyDocument=TRUST)
    function = aws.client("lambda", "us-east-1")
    function.create_function(
        FunctionName="sleeper",
        Runtime="python3.13",
        Handler="app.handler",
        Role=role["Role"]["Arn"],
        Timeout=60,
        Code={"ZipFile": zipped(SLEEPER)},
    )
    started = directory / "started"
    event = json.dumps({"started": str(started)})
    function.invoke(FunctionName="sleeper", InvocationType="Event", Payload=event)
    wait_for(started.exists, "the function's start")


def left_behind(state_dir: Path) -> list[Path]:
    """Return what is in the state directory besides logs."""
    return [path for path in state_dir.iterdir() if path.suffix != ".log"]


@contextlib.contextmanager
def program(source: str, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a program of the repository that does not outlive its test."""
    command = [sys.executable, "-c", textwrap.dedent(source), *arguments]
    with subprocess.Popen(
        command, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@contextlib.contextmanager
def make_local(tmp_path: Path, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run what `make local` runs, with the stand-in application."""
    source = """
        import sys
        from pathlib import Path
        from local.__main__ import main
        source, build, *arguments = sys.argv[1:]
        sys.exit(main(arguments, Path(source), Path(build)))
    """
    state = ["--state-dir", str(tmp_path / "state")]
    with program(source, str(SOURCE), str(BUILD), *state, *arguments) as process:
        yield process


def told_by(process: "subprocess.Popen[str]", last: str) -> str:
    """Read what a program prints, up to and including a line that has `last` in it."""
    assert process.stdout is not None
    assert process.stderr is not None
    told = ""
    while last not in told:
        line = process.stdout.readline()
        assert line, process.stderr.read()
        told += line
    return told


def test_stop_ends_every_process_and_leaves_only_logs(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path / "state") as aws:
        busy_function(aws, tmp_path)
        processes = aws.processes()
        functions = [below for pid in processes for below in descendants(pid)]
        assert len(functions) == 1 + FORKS, "the function, and the process that it is forked from"
        aws.check()
    assert running(*processes, *functions) == []
    assert left_behind(tmp_path / "state") == []
    assert "Running on" in (tmp_path / "state" / "ministack.log").read_text()
    aws.stop()


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path) as aws:
        for pid in aws.processes():
            assert listening_on(pid) == {LOOPBACK}


def test_two_stand_side_by_side_and_know_nothing_of_each_other(tmp_path: Path) -> None:
    with EmbeddedAws(tmp_path / "one") as one, EmbeddedAws(tmp_path / "two") as two:
        one.client("sns", "us-east-1").create_topic(Name="here")
        assert two.client("sns", "us-east-1").list_topics()["Topics"] == []
        assert one.client("sns", "eu-west-1").list_topics()["Topics"] == []
        pool = one.client("cognito-idp", "eu-west-1").create_user_pool(PoolName="people")["UserPool"]["Id"]
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            two.client("cognito-idp", "eu-west-1").describe_user_pool(UserPoolId=pool)


def test_clients_use_nothing_of_the_callers_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_PROFILE": "somebody",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "AKIASOMEBODY",
        "AWS_REGION": "ap-south-1",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }.items():
        monkeypatch.setenv(name, value)
    with EmbeddedAws(tmp_path) as aws:
        arn = aws.client("sns", "eu-west-1").create_topic(Name="here")["TopicArn"]
        assert arn == "arn:aws:sns:eu-west-1:000000000000:here"
        assert aws.client("cognito-idp", "us-east-1").meta.endpoint_url == aws.cognito_endpoint_url


def test_a_port_may_be_chosen_and_a_taken_one_is_named(tmp_path: Path) -> None:
    with listen(0) as free:
        port = free.getsockname()[1]
    with EmbeddedAws(tmp_path / "first", port=port) as aws:
        assert aws.endpoint_url == f"http://{LOOPBACK}:{port}"
        with pytest.raises(EmbeddedAwsError, match=f"Port {port} of {LOOPBACK} cannot be used"):
            EmbeddedAws(tmp_path / "second", port=port).start()
        assert left_behind(tmp_path / "second") == []


def test_a_failed_start_shows_the_end_of_the_log_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws = EmbeddedAws(tmp_path)
    monkeypatch.setattr(aws, "_ministack_environment", lambda _port: {})
    with pytest.raises(EmbeddedAwsError, match="GATEWAY_PORT"):
        aws.start()
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_nothing_outlives_the_program_that_started_it(tmp_path: Path, how: signal.Signals) -> None:
    with program(PARENT, str(tmp_path / "state")) as parent:
        aws = EmbeddedAws(tmp_path / "state")
        aws.endpoint_url = told_by(parent, "\n").strip()
        busy_function(aws, tmp_path)
        below = descendants(parent.pid)
        assert len(below) == 3 + FORKS, "ministack, the front, a function, and what it is forked from"
        parent.send_signal(how)
    wait_for(lambda: running(*below) == [], "the end of every process")
    wait_for(lambda: left_behind(tmp_path / "state") == [], "the end of the temporary files")


def test_make_local_tells_where_everything_is_and_ctrl_c_ends_it(tmp_path: Path) -> None:
    with make_local(tmp_path) as process:
        text = told_by(process, "Running.")
        below = descendants(process.pid)
        assert len(below) >= 2
        process.send_signal(signal.SIGINT)
        assert process.wait() == 0
    assert running(*below) == []
    content = json.loads((tmp_path / "state" / "stack.json").read_text())
    assert set(content) == {"endpoint_url", "cognito_endpoint_url", "primary", "backup"}
    assert set(content["primary"]) == {"stack", "region", "user_pool_id", "outputs"}
    assert set(content["backup"]) == {"stack", "region", "outputs"}
    assert f"export AWS_ENDPOINT_URL={content['endpoint_url']}" in text
    assert content["primary"]["user_pool_id"] in text
    assert content["backup"]["outputs"]["ProbeFunctionArn"] in text


def test_make_local_interrupted_while_it_deploys_leaves_nothing(tmp_path: Path) -> None:
    with make_local(tmp_path) as process:
        wait_for(lambda: list((tmp_path / "state").glob("deploy-*.log")), "the beginning of the deployment")
        wait_for(lambda: len(descendants(process.pid)) >= 4, "sam deploy for both Regions")
        below = descendants(process.pid)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 0
    assert running(*below) == []


def test_make_local_names_a_port_that_is_taken(tmp_path: Path) -> None:
    with listen(0) as taken:
        taken.listen()
        port = str(taken.getsockname()[1])
        with make_local(tmp_path, "--port", port) as process:
            _, errors = process.communicate()
    assert process.returncode == 1
    assert f"Port {port} of {LOOPBACK} cannot be used" in errors
