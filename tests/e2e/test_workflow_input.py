"""The executions that docs/workflow-input.md starts without the command line."""

from __future__ import annotations

import json

from tests.cli.documented import IMPORT, NEW_POOL, ROOT, blocks
from tests.e2e.world import BACKUP, PRIMARY, World, outcome


def test_an_export_an_import_and_its_resumption_are_started_as_shown(exported: World) -> None:
    world = exported
    replacements = {
        "$EXPORT_WORKFLOW_ARN": world.output("ExportWorkflowArn", PRIMARY),
        "$IMPORT_WORKFLOW_ARN": world.output("ImportWorkflowArn"),
        NEW_POOL: world.empty_pool(),
    }
    regions = []
    for shown in blocks(ROOT / "docs/workflow-input.md"):
        assert shown.words[:3] == ("aws", "stepfunctions", "start-execution")
        options = dict(zip(shown.words[3::2], shown.words[4::2], strict=True))
        assert set(options) == {"--region", "--state-machine-arn", "--input"}
        for name, value in replacements.items():
            options = {option: text.replace(name, value) for option, text in options.items()}
        execution = world.client("stepfunctions", options["--region"]).start_execution(
            stateMachineArn=options["--state-machine-arn"], input=options["--input"]
        )["executionArn"]
        result = world.result(execution)
        assert outcome(result) == "SUCCEEDED"
        regions.append(options["--region"])
        replacements[IMPORT] = json.loads(result["output"]).get("ImportId", "")
    assert regions == [PRIMARY, BACKUP, BACKUP]
