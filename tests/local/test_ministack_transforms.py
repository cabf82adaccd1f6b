"""SAM puts a stack's own parameters in place of references, not the template's defaults."""

import functools

import pytest
from ministack.core.responses import request_scope
from ministack.services.cloudformation import engine

from local.ministack_transforms import patches

TEMPLATE = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Parameters": {
        "Pool": {"Type": "String", "Default": ""},
        "Other": {"Type": "String", "Default": "other"},
    },
    "Resources": {
        "Api": {
            "Type": "AWS::Serverless::Api",
            "Properties": {
                "StageName": "live",
                "Auth": {
                    "DefaultAuthorizer": "Pools",
                    "Authorizers": {"Pools": {"UserPoolArn": {"Fn::Sub": "${Pool}/${Other}"}}},
                },
                "DefinitionBody": {"swagger": "2.0", "paths": {"/": {"get": {}}}},
            },
        }
    },
}


@pytest.mark.parametrize(
    ("given", "arn"), [([], "/other"), ([{"Key": "Pool", "Value": "mine"}], "mine/other")]
)
def test_the_values_of_the_stack_are_taken(given: list[dict[str, str]], arn: str) -> None:
    [patch, other] = patches
    assert patch.mismatch() is None
    assert other.mismatch() is None
    with request_scope("000000000000", "eu-west-1"):
        made = functools.partial(patch.replacement, patch.original())(TEMPLATE, given, None)
    [scheme] = made["Resources"]["Api"]["Properties"]["Body"]["securityDefinitions"].values()
    assert scheme["x-amazon-apigateway-authorizer"]["providerARNs"] == [{"Fn::Sub": arn}]
    assert made["Parameters"] == TEMPLATE["Parameters"]


def test_a_template_without_sam_is_left_alone() -> None:
    [patch, _] = patches
    plain = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    with request_scope("000000000000", "eu-west-1"):
        assert patch.replacement(engine._apply_transforms, plain, [], None) == plain
