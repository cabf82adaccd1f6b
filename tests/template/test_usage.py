"""Every function that calls Cognito publishes what it asked for, and no other does."""

from __future__ import annotations

import ast

import pytest

from tests.template.policies import granted, role_statements
from tests.template.reading import EVERYTHING, ROOT, stack

FOLDERS = sorted(path.parent.name for path in (ROOT / "functions").glob("*/app.py"))


def decorators(function: str) -> list[str]:
    module = ast.parse((ROOT / "functions" / function / "app.py").read_text("utf-8"))
    (handler,) = (
        each for each in module.body if isinstance(each, ast.FunctionDef) and each.name == "handler"
    )
    return [ast.unparse(each) for each in handler.decorator_list]


@pytest.mark.parametrize("function", FOLDERS)
def test_what_was_asked_of_cognito_is_published(function: str) -> None:
    role = f"{function.title().replace('_', '')}Role"
    roles = role_statements(stack("primary", **EVERYTHING["primary"]))
    roles |= role_statements(stack("backup", **EVERYTHING["backup"]))
    rights = granted(roles[role])
    asks = any(action.startswith("cognito-idp:") for action in rights)
    # The innermost one: it publishes also what a handler asked for that then failed.
    assert decorators(function)[-1:] == (["publishes_usage"] if asks else ["logger.inject_lambda_context"])


def test_the_functions_know_the_raised_quotas() -> None:
    given = {"UserCreationQuota": "400", "UserReadQuota": "900"}
    for function in stack("backup", **given).of_type("AWS::Lambda::Function").values():
        values = function["Environment"]["Variables"]
        assert (values["USER_CREATION_QUOTA"], values["USER_READ_QUOTA"]) == ("400", "900")
