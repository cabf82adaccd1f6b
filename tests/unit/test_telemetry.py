"""Metrics as CloudWatch reads them from the log."""

import json

import pytest

from lifeboat.telemetry import publish


def test_metrics_are_written_under_the_stacks_name(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", "CognitoLifeboat")
    publish("a-stack", {"ExportSucceeded": 1, "ItemsWritten": 0})
    written = json.loads(capsys.readouterr().out)
    assert written["Stack"] == "a-stack"
    assert (written["ExportSucceeded"], written["ItemsWritten"]) == ([1.0], [0.0])
    (directive,) = written["_aws"]["CloudWatchMetrics"]
    assert directive["Namespace"] == "CognitoLifeboat"
    assert ["Stack"] in [dimensions[:1] for dimensions in directive["Dimensions"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {"ExportSucceeded", "ItemsWritten"}
