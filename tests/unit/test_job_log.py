"""The log of an import job: whatever it lacks, no row is thought to be imported that was not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.restore.csv_lane.job_log import (
    LONGEST_REASON,
    SUCCEEDED,
    RowResult,
    log_group,
    log_stream,
    row_results,
)

RESULTS = st.sampled_from(["SUCCEEDED", "SKIPPED", "FAILED"])
WORDS = {
    "SUCCEEDED": "The import succeeded.",
    "SKIPPED": "The user already exists.",
    "FAILED": "The User Record does not set any of the auto verified attributes to true.",
}


def line(number: int, result: str) -> str:
    return f"[{result}] Line Number {number} - {WORDS[result]}"


def log(results: list[str], first: int) -> list[str]:
    return [line(number, result) for number, result in enumerate(results, start=first)]


def test_where_the_log_lies() -> None:
    assert log_group("eu-west-1_A", "my pool") == "/aws/cognito/userpools/eu-west-1_A/my pool"
    assert log_stream("import-1", "a job") == "import-1/a job"


@pytest.mark.parametrize("first", [0, 1, 2])
@given(results=st.lists(RESULTS, min_size=1))
def test_a_whole_log_is_understood_however_lines_are_counted(results: list[str], first: int) -> None:
    found = row_results(log(results, first), len(results))
    assert found == {row: RowResult(result, WORDS[result]) for row, result in enumerate(results)}


@given(results=st.lists(RESULTS, min_size=1), random=st.randoms(use_true_random=False))
def test_order_repetition_and_other_lines_do_not_matter(results: list[str], random: object) -> None:
    lines = [*log(results, 2), *log(results, 2), "The job has started.", "", "[DONE] Line Number 3 - x"]
    random.shuffle(lines)  # type: ignore[attr-defined]
    assert row_results(lines, len(results)) == row_results(log(results, 2), len(results))


@given(st.data(), st.lists(RESULTS, min_size=1, max_size=8), st.sampled_from([0, 1, 2]))
def test_a_log_with_gaps_never_says_that_a_row_succeeded_that_did_not(
    data: st.DataObject, results: list[str], first: int
) -> None:
    # Lines may be missing at the end (a job that ended early) or anywhere (a log that comes late).
    kept = [each for each in log(results, first) if data.draw(st.booleans())]
    for row, found in row_results(kept, len(results)).items():
        if found.result == SUCCEEDED:
            assert results[row] == SUCCEEDED


@given(st.lists(RESULTS, min_size=1), st.integers(0, 50), st.sampled_from([0, 1, 2]))
def test_a_job_that_ended_early_is_never_thought_to_have_done_more(
    handled: list[str], unhandled: int, first: int
) -> None:
    results = handled + ["not handled"] * unhandled
    for row, found in row_results(log(handled, first), len(results)).items():
        assert found.result != SUCCEEDED or results[row] == SUCCEEDED


@given(st.lists(st.text()), st.integers(0, 5))
def test_any_text_is_survived_and_no_row_beyond_the_last_is_named(lines: list[str], rows: int) -> None:
    assert set(row_results(lines, rows)) <= set(range(rows))


def test_lines_beyond_the_file_are_left_out() -> None:
    lines = [line(99, "SUCCEEDED"), line(1, "SUCCEEDED"), line(10**30, "FAILED")]
    assert all(0 <= row < 3 for row in row_results(lines, 3))


def test_a_reason_is_cut_and_trimmed() -> None:
    (found,) = row_results([f"2026-01-01 [FAILED] Line Number 2 -   {'x' * 1000}\n"], 1).values()
    assert found == RowResult("FAILED", "x" * LONGEST_REASON)


def test_an_empty_log_says_nothing() -> None:
    assert row_results([], 5) == {}
