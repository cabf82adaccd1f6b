"""The environment of the functions."""

from dataclasses import fields

import pytest

from lifeboat.errors import SettingMissing
from lifeboat.settings import MAY_BE_EMPTY, Settings, environment_names

NUMBERS = sorted(each.name for each in fields(Settings) if each.type == "int")
ENVIRONMENT = {
    each.name.upper(): "7" if each.name in NUMBERS else f"the-{each.name}" for each in fields(Settings)
}


def test_every_setting_is_read() -> None:
    settings = Settings.from_env(ENVIRONMENT)
    for each in fields(Settings):
        value = getattr(settings, each.name)
        assert value == (7 if each.name in NUMBERS else f"the-{each.name}")


def test_the_process_environment_is_read_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    assert Settings.from_env() == Settings.from_env(ENVIRONMENT)


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_a_missing_variable_is_named(name: str) -> None:
    without = {key: value for key, value in ENVIRONMENT.items() if key != name}
    with pytest.raises(SettingMissing, match=rf"\b{name}\b"):
        Settings.from_env(without)


@pytest.mark.parametrize("name", sorted(ENVIRONMENT))
def test_an_empty_variable_counts_as_missing_unless_it_may_be_empty(name: str) -> None:
    empty = {**ENVIRONMENT, name: ""}
    if name.lower() in MAY_BE_EMPTY:
        assert getattr(Settings.from_env(empty), name.lower()) == ""
    else:
        with pytest.raises(SettingMissing, match=rf"\b{name}\b"):
            Settings.from_env(empty)


@pytest.mark.parametrize("text", ["many", "-1", "1.5", " 7", "0x7", "²"])
def test_a_number_that_is_none_is_named_but_not_repeated(text: str) -> None:
    with pytest.raises(SettingMissing) as caught:
        Settings.from_env({**ENVIRONMENT, "HISTORY_DAYS": text})
    assert str(caught.value) == "the environment variable HISTORY_DAYS is not a whole number"


def test_the_names_are_those_of_the_settings() -> None:
    assert environment_names() == ENVIRONMENT.keys()
