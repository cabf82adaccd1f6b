"""Users, groups and pools to test with, and hypothesis strategies that make awkward ones."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from hypothesis import strategies as st

from lifeboat.cognito.pool import PoolFacts
from lifeboat.model import Group, PoolConfiguration, Status, User, instant
from lifeboat.pacing import Deadline

AT = "2026-03-01T12:00:00.000Z"
EARLIER = "2026-02-28T12:00:00.000Z"

USER = User(
    sub="3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    username="ann",
    attributes={
        "sub": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
        "email": "ann@example.com",
        "email_verified": "true",
        "family_name": "Ó Briain, “née” #1",
        "custom:note": "one\ntwo",
    },
    enabled=True,
    status=Status.CONFIRMED,
    created_at=EARLIER,
    modified_at=EARLIER,
)

BY_NAME = PoolFacts(
    pool_id="eu-west-1_ByName",
    name="by-name",
    username_attributes=(),
    alias_attributes=(),
    case_sensitive=True,
    auto_verified=("email",),
    mfa="OFF",
    recovery=(),
    password_length=8,
    schema={},
)
"""A pool that keeps usernames."""

BY_EMAIL = PoolFacts(
    pool_id="eu-west-1_ByEmail",
    name="by-email",
    username_attributes=("email", "phone_number"),
    alias_attributes=(),
    case_sensitive=False,
    auto_verified=("email", "phone_number"),
    mfa="OFF",
    recovery=(),
    password_length=8,
    schema={},
)
"""A pool in which Cognito makes up the username."""

PLENTY = Deadline(lambda: 900_000)
OVER = Deadline(lambda: 0)

TEXT = st.text(st.characters(codec="utf-8"))
"""Any text that UTF-8 can carry."""

NAMES = st.text(st.characters(codec="utf-8"), min_size=1)

AWKWARD = st.text("a0#@%/25", min_size=1)
"""Text of the characters that separate the parts of a key, so that confusions are likely."""

UUIDS = st.uuids(version=4).map(str)
SUBS = st.one_of(UUIDS, AWKWARD, NAMES)
GROUP_NAMES = st.one_of(AWKWARD, NAMES)
MOMENTS = st.integers(86_400_000_000, 2**52).map(
    lambda microseconds: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=microseconds)
)
INSTANTS = MOMENTS.map(instant)

FACTORS = ("EMAIL_OTP", "SMS_MFA", "SOFTWARE_TOKEN_MFA")
LINKS = st.lists(
    st.fixed_dictionaries({"providerName": NAMES, "userId": NAMES}, optional={"primary": st.booleans()}),
    max_size=3,
).map(json.dumps)
"""The attribute `identities`, as it links identities to a local user."""

ATTRIBUTES = st.builds(
    lambda attributes, links: {**attributes, **links},
    st.dictionaries(
        st.sampled_from(["email", "name", "email_verified", "custom:a", "identities"]) | NAMES,
        TEXT,
        max_size=5,
    ),
    st.just({}) | st.fixed_dictionaries({"identities": LINKS}),
)
USERS = st.builds(
    User,
    sub=SUBS,
    username=NAMES,
    attributes=ATTRIBUTES,
    enabled=st.booleans(),
    status=st.sampled_from(Status).map(str) | NAMES,
    created_at=st.just("") | INSTANTS,
    modified_at=st.just("") | INSTANTS,
    mfa_options=st.lists(
        st.dictionaries(st.sampled_from(["DeliveryMedium", "AttributeName"]), st.just("SMS") | TEXT),
        max_size=2,
    ).map(tuple),
    mfa=st.lists(st.sampled_from(FACTORS), unique=True).map(sorted).map(tuple),
    preferred_mfa=st.just("") | st.sampled_from(FACTORS),
)
GROUPS = st.builds(
    Group,
    name=GROUP_NAMES,
    description=st.none() | TEXT,
    precedence=st.none() | st.integers(0, 2**31 - 1),
    role_arn=st.none() | NAMES,
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
CONFIGURATIONS = st.builds(PoolConfiguration, name=NAMES, document=st.dictionaries(TEXT, JSON, max_size=4))


def new_user_body(**changes: Any) -> dict[str, Any]:
    """The body of a message of NewUsersQueue or ApiUsersQueue."""
    return {
        "import_id": "an-import",
        "pool_id": BY_NAME.pool_id,
        "sub": USER.sub,
        "username": USER.username,
        "attributes": dict(USER.attributes),
        "enabled": True,
        "status": "CONFIRMED",
        "groups": [],
        **changes,
    }


def sqs_record(body: str, received: int = 1) -> SQSRecord:
    """A message as Lambda hands it over, delivered for the so-manieth time."""
    return SQSRecord(
        {
            "messageId": "m",
            "receiptHandle": "handle",
            "body": body,
            "attributes": {"ApproximateReceiveCount": str(received)},
        }
    )
