"""One embedded AWS with the stand-in application for all conformance tests, which one worker runs."""

from collections.abc import Iterator

import pytest

from local.deployment import deploy_both
from local.embedded import EmbeddedAws
from tests.local.standin_application import BUILD, SOURCE, Standin


@pytest.fixture(scope="session")
def standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    """Build the stand-in, start the embedded AWS and deploy to both Regions."""
    root = tmp_path_factory.mktemp("standin")
    with EmbeddedAws(root / "state") as aws:
        deployment = deploy_both(
            aws,
            "us-east-1_Standin00",
            overrides={"Greeting": 'two words, "quoted" and a \\ backslash'},
            stack_suffix="-one",
            source_dir=SOURCE,
            build_dir=BUILD,
        )
        yield Standin(aws, deployment)
