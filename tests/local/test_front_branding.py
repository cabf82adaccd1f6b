"""Managed login branding: a style for each app client."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.local.front_stack import FrontStack

pytest_plugins = ["tests.local.front_stack"]

SETTINGS: dict[str, Any] = {
    "categories": {"form": {"displayGraphics": True, "instructions": {"enabled": False}}},
    "componentClasses": {"buttons": {"borderRadius": 8.0}},
}
LOGO: Any = {
    "Category": "FORM_LOGO",
    "ColorMode": "LIGHT",
    "Extension": "PNG",
    "Bytes": b"\x89PNG\r\n\x1a\n\x00",
}
ICON: Any = {
    "Category": "FAVICON_SVG",
    "ColorMode": "DYNAMIC",
    "Extension": "SVG",
    "Bytes": b"<svg/>",
}
NO_STYLE = "00000000-0000-4000-8000-000000000000"


def refusal(call: Callable[..., Any], **parameters: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return str(caught.value.response["Error"]["Code"])


def create(front: FrontStack, pool: str, app: str, **more: Any) -> dict[str, Any]:
    answer = front.client().create_managed_login_branding(UserPoolId=pool, ClientId=app, **more)
    return dict(answer["ManagedLoginBranding"])


def of_client(front: FrontStack, pool: str, app: str) -> dict[str, Any]:
    answer = front.client().describe_managed_login_branding_by_client(UserPoolId=pool, ClientId=app)
    return dict(answer["ManagedLoginBranding"])


def test_a_style_is_found_by_its_id_and_by_its_client(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    created = create(front, pool, app, Settings=SETTINGS, Assets=[LOGO])
    assert (created["Settings"], created["Assets"]) == (SETTINGS, [LOGO])
    assert created["UseCognitoProvidedValues"] is False
    style = created["ManagedLoginBrandingId"]
    found = front.client().describe_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=style)
    assert found["ManagedLoginBranding"] == created == of_client(front, pool, app)


def test_a_style_of_cognitos_own_has_no_settings(front: FrontStack) -> None:
    pool = front.pool()
    style = create(front, pool, front.app_client(pool), UseCognitoProvidedValues=True)
    assert style["UseCognitoProvidedValues"] is True
    assert "Settings" not in style
    assert style["Assets"] == []


def test_cognitos_own_values_and_others_exclude_each_other(front: FrontStack) -> None:
    pool = front.pool()
    create_style = front.client().create_managed_login_branding
    both: dict[str, Any] = {"UseCognitoProvidedValues": True, "Settings": SETTINGS}
    app = front.app_client(pool)
    assert refusal(create_style, UserPoolId=pool, ClientId=app, **both) == "InvalidParameterException"


def test_a_client_has_one_style(front: FrontStack) -> None:
    pool = front.pool()
    app, other = front.app_client(pool), front.app_client(pool)
    create(front, pool, app)
    create_style = front.client().create_managed_login_branding
    assert refusal(create_style, UserPoolId=pool, ClientId=app) == "ManagedLoginBrandingExistsException"
    create(front, pool, other)


def test_an_update_keeps_what_it_does_not_name(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    style = create(front, pool, app, Settings=SETTINGS, Assets=[LOGO])["ManagedLoginBrandingId"]
    update = front.client().update_managed_login_branding
    update(
        UserPoolId=pool,
        ManagedLoginBrandingId=style,
        Settings={"categories": {"form": {"displayGraphics": False}}},
        Assets=[ICON],
    )
    found = of_client(front, pool, app)
    assert found["Settings"]["categories"]["form"] == {
        "displayGraphics": False,
        "instructions": {"enabled": False},
    }
    assert found["Settings"]["componentClasses"] == SETTINGS["componentClasses"]
    assert found["Assets"] == [LOGO, ICON]


def test_an_update_can_go_back_to_cognitos_own_values(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    style = create(front, pool, app, Settings=SETTINGS, Assets=[LOGO])["ManagedLoginBrandingId"]
    update = front.client().update_managed_login_branding
    update(UserPoolId=pool, ManagedLoginBrandingId=style, UseCognitoProvidedValues=True)
    found = of_client(front, pool, app)
    assert (found["UseCognitoProvidedValues"], found["Assets"], "Settings" in found) == (True, [], False)


def test_a_deleted_style_leaves_room_for_another(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    style = create(front, pool, app)["ManagedLoginBrandingId"]
    cognito = front.client()
    cognito.delete_managed_login_branding(UserPoolId=pool, ManagedLoginBrandingId=style)
    by_client = cognito.describe_managed_login_branding_by_client
    assert refusal(by_client, UserPoolId=pool, ClientId=app) == "ResourceNotFoundException"
    create(front, pool, app)


@pytest.mark.parametrize("operation", ["describe", "update", "delete"])
def test_a_style_that_is_not_there(front: FrontStack, operation: str) -> None:
    call = getattr(front.client(), f"{operation}_managed_login_branding")
    assert refusal(call, UserPoolId=front.pool(), ManagedLoginBrandingId=NO_STYLE) == (
        "ResourceNotFoundException"
    )


def test_a_style_of_another_pool_is_not_there(front: FrontStack) -> None:
    pool = front.pool()
    style = create(front, pool, front.app_client(pool))["ManagedLoginBrandingId"]
    describe = front.client().describe_managed_login_branding
    assert refusal(describe, UserPoolId=front.pool(), ManagedLoginBrandingId=style) == (
        "ResourceNotFoundException"
    )


@pytest.mark.parametrize("pool_id", ["", "us-east-1_Nowhere00"], ids=["client", "pool"])
def test_a_style_for_what_is_not_there(front: FrontStack, pool_id: str) -> None:
    create_style = front.client().create_managed_login_branding
    pool = pool_id or front.pool()
    assert refusal(create_style, UserPoolId=pool, ClientId="nobody") == "ResourceNotFoundException"


def test_a_style_goes_with_its_client(front: FrontStack) -> None:
    pool = front.pool()
    app = front.app_client(pool)
    style = create(front, pool, app)["ManagedLoginBrandingId"]
    cognito = front.client()
    cognito.delete_user_pool_client(UserPoolId=pool, ClientId=app)
    describe = cognito.describe_managed_login_branding
    assert refusal(describe, UserPoolId=pool, ManagedLoginBrandingId=style) == "ResourceNotFoundException"
