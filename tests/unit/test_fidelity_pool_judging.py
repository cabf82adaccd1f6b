"""The judge of the pool's configuration: every setting counts; only what is of the lost Region may go."""

from dataclasses import replace
from typing import Any

from local.fidelity.judging_pool import MARK, judge_pool
from local.fidelity.limits import Verdict
from local.fidelity.pool_arguments import BACKUP_SENDER, OWN_SENDER, TRIGGER
from local.fidelity.settings import LOGS, Settings

CLIENT = {"ClientName": "machine", "ClientId": "old", "ClientSecret": "secret", "CallbackURLs": []}
SETTINGS = Settings(
    pool={"Id": "old", "Policies": {"PasswordPolicy": {"MinimumLength": 10}}, "UserPoolTags": {"team": "x"}},
    mfa={"MfaConfiguration": "OFF"},
    clients={"machine": CLIENT},
    providers={"Partner": {"ProviderDetails": {"client_secret": "partner"}}},
    servers={},
    domain={},
    ui={},
    branding={},
    risk={},
    logs=[],
)
MADE = replace(
    SETTINGS,
    pool={**SETTINGS.pool, "Id": "new", "UserPoolTags": {"team": "x", MARK: "an import"}},
    clients={"machine": {**CLIENT, "ClientId": "new"}},
)


def verdicts(before: Settings, after: Settings, signs_in: bool = True) -> dict[str, Verdict]:
    """Whatever is not restored, by row."""
    return {
        judgement.row.removeprefix("pool:"): judgement.verdict
        for judgement in judge_pool(before, after, signs_in)
        if judgement.verdict is not Verdict.RESTORED
    }


def with_member(settings: Settings, name: str, value: Any) -> Settings:
    return replace(settings, pool={**settings.pool, name: value})


def test_a_pool_made_from_the_backup_has_new_ids_and_a_mark() -> None:
    assert verdicts(SETTINGS, MADE) == {"tags": Verdict.CHANGED, "client-ids": Verdict.CHANGED}


def test_every_setting_counts() -> None:
    unexplained = Verdict.UNEXPLAINED
    shorter = {"PasswordPolicy": {"MinimumLength": 8}}

    assert verdicts(SETTINGS, with_member(MADE, "Policies", shorter))["policies"] is unexplained
    assert verdicts(SETTINGS, with_member(MADE, "UserPoolTags", {MARK: "an import"}))["tags"] is unexplained
    assert verdicts(SETTINGS, with_member(MADE, "Unheard", "of"))["rest"] is unexplained
    assert verdicts(SETTINGS, replace(MADE, mfa={"MfaConfiguration": "ON"}))["mfa-settings"] is unexplained
    assert verdicts(SETTINGS, replace(MADE, clients={}))["clients"] is unexplained
    assert verdicts(SETTINGS, replace(MADE, providers={}))["providers"] is unexplained
    assert verdicts(SETTINGS, MADE, signs_in=False)["machine"] is unexplained
    other = {"machine": {**MADE.clients["machine"], "ClientSecret": "another"}}
    assert verdicts(SETTINGS, replace(MADE, clients=other))["client-secrets"] is unexplained


def test_what_is_empty_is_not_set() -> None:
    assert "devices" not in verdicts(SETTINGS, with_member(MADE, "DeviceConfiguration", {}))


def test_what_is_of_the_lost_region_is_mapped_or_left_out_and_nothing_else_with_it() -> None:
    sender = with_member(SETTINGS, "EmailConfiguration", OWN_SENDER)
    mapped = with_member(MADE, "EmailConfiguration", {**OWN_SENDER, "SourceArn": BACKUP_SENDER})
    lost = with_member(MADE, "EmailConfiguration", {})
    triggers = with_member(SETTINGS, "LambdaConfig", {"DefineAuthChallenge": TRIGGER})

    assert verdicts(sender, mapped)["senders"] is Verdict.CHANGED
    assert verdicts(sender, lost)["senders"] is Verdict.UNEXPLAINED
    assert verdicts(triggers, MADE)["triggers"] is Verdict.CHANGED
    assert verdicts(replace(SETTINGS, logs=LOGS), MADE)["logs"] is Verdict.CHANGED
