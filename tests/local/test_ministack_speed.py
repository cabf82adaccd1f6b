"""What was made faster gives the same answers as what it replaced."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

SUBS = st.text(alphabet="0123456789abcdefAB-", max_size=6)


@pytest.fixture(scope="module", autouse=True)
def _configured(monkeypatch_module: pytest.MonkeyPatch) -> None:
    monkeypatch_module.setenv("GATEWAY_PORT", "4566")


@pytest.fixture(scope="module")
def monkeypatch_module() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def user(sub: str | None, name: str) -> dict[str, Any]:
    attributes = [{"Name": "name", "Value": name}]
    attributes += [{"Name": "sub", "Value": sub}] if sub is not None else []
    return {"Username": name, "Attributes": attributes}


@settings(deadline=None)
@given(
    st.lists(st.one_of(st.none(), SUBS), max_size=8),
    st.sampled_from(['sub ^= "{}"', '"sub"="{}"', 'sub = "{}"', 'name ^= "{}"', 'sub != "{}"']),
    SUBS,
)
def test_filters_find_the_same_users(subs: list[str | None], template: str, value: str) -> None:
    from ministack.services import cognito  # noqa: PLC0415 - it is configured by its environment

    from local.ministack_speed import apply_user_filter  # noqa: PLC0415

    users = [user(sub, f"u{number}") for number, sub in enumerate(subs)]
    condition = template.format(value)
    expected = cognito._apply_user_filter(users, condition)
    for _ in range(2):  # the second time with what was kept the first time
        assert apply_user_filter(cognito._apply_user_filter, users, condition) == expected
    assert all("_FoldedSub" not in json.dumps(cognito._user_out(each), default=str) for each in users)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text(max_size=3)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), JSON, max_size=4))
def test_a_copy_is_equal_and_shares_nothing_that_can_change(item: dict[str, Any]) -> None:
    from local.ministack_speed import copied  # noqa: PLC0415

    before = copy.deepcopy(item)
    made = copied(item)
    assert made == item

    def spoil(value: Any) -> None:
        if isinstance(value, dict):
            for inner in value.values():
                spoil(inner)
            value["spoilt"] = True
        elif isinstance(value, list):
            for inner in value:
                spoil(inner)
            value.append("spoilt")

    spoil(made)
    assert item == before


def test_what_is_kept_of_an_expression_cannot_be_changed_by_who_asks() -> None:
    from ministack.services import dynamodb  # noqa: PLC0415

    from local.ministack_speed import condition_syntax_error, tokenize  # noqa: PLC0415

    expression = "pk = :pk AND begins_with(sk, :sk)"
    first = tokenize(dynamodb._tokenize, expression)
    assert first == dynamodb._tokenize(expression)
    first.clear()
    assert tokenize(dynamodb._tokenize, expression) == dynamodb._tokenize(expression)
    for wrong in (expression, "pk = = :pk"):
        expected = dynamodb._condition_syntax_error(wrong, "KeyConditionExpression")
        found = condition_syntax_error(dynamodb._condition_syntax_error, wrong, "KeyConditionExpression")
        assert found == expected
