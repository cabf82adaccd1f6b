"""A small SAM application for what only a live system needs: a replica's stream, a rule, an API.

Deployed into the embedded AWS that the stand-in has started, with the stand-in's layer, role and table.
"""

from typing import Any

# Writes down in which order it saw an item's versions; raises at poison, as often as it is given some.
STREAM_CODE = """
import os
import standin_layer

def handler(event, context):
    for record in event["Records"]:
        image = record["dynamodb"]["NewImage"]
        if "poison" in image:
            raise RuntimeError("poison")
        standin_layer.dynamodb("UpdateItem", {
            "TableName": os.environ["TABLE_NAME"],
            "Key": {"pk": {"S": "SEEN"}, "sk": image["sk"]},
            "UpdateExpression": "SET seen = list_append(if_not_exists(seen, :none), :new)",
            "ExpressionAttributeValues": {":none": {"L": []}, ":new": {"L": [image["n"]]}},
        })
    return {"batchItemFailures": []}
"""
API_CODE = """
import json

def handler(event, context):
    claims = event["requestContext"]["authorizer"]["claims"]
    groups = claims.get("cognito:groups")
    said = {"user": event["pathParameters"]["userId"], "body": event["body"], "groups": groups}
    return {"statusCode": 200, "body": json.dumps(said)}
"""


def stream_role(table: str, stream_arn: str, *left_out: str) -> dict[str, Any]:
    """Return a role that may read the stream, write to the table and send what was given up."""
    reading = {"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"}
    allowed = [
        {"Effect": "Allow", "Action": sorted(reading - {*left_out}), "Resource": stream_arn},
        {
            "Effect": "Allow",
            "Action": "dynamodb:UpdateItem",
            "Resource": f"arn:aws:dynamodb:*:*:table/{table}",
        },
        {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": "GaveUpQueue.Arn"}},
    ]
    version = {"Version": "2012-10-17"}
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "AssumeRolePolicyDocument": {**version, "Statement": [trust]},
        "Policies": [{"PolicyName": "Stream", "PolicyDocument": {**version, "Statement": allowed}}],
    }


def _function(code: str, role: Any, **more: Any) -> dict[str, Any]:
    properties = {
        "InlineCode": code,
        "Handler": "index.handler",
        "Runtime": "python3.13",
        "Timeout": 5,
        "Role": role,
        **more,
    }
    return {"Type": "AWS::Serverless::Function", "Properties": properties}


def template(
    role: str, layers: list[str], table: str, stream_arn: str, pool_arns: list[str]
) -> dict[str, Any]:
    """Return the application's template."""
    stream = {
        "Stream": stream_arn,
        "StartingPosition": "TRIM_HORIZON",
        "BatchSize": 10,
        "BisectBatchOnFunctionError": True,
        "DestinationConfig": {"OnFailure": {"Type": "SQS", "Destination": {"Fn::GetAtt": "GaveUpQueue.Arn"}}},
        "FilterCriteria": {
            "Filters": [{"Pattern": '{"dynamodb": {"Keys": {"pk": {"S": [{"prefix": "LIVE#"}]}}}}'}]
        },
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "MaximumRecordAgeInSeconds": 3600,
        "MaximumRetryAttempts": 1,
    }
    user = {
        "type": "object",
        "required": ["email"],
        "properties": {"email": {"type": "string"}},
    }
    put = {
        "RestApiId": {"Ref": "Api"},
        "Path": "/users/{userId}",
        "Method": "PUT",
        "RequestModel": {"Model": "User", "Required": True, "ValidateBody": True},
    }
    rule = {
        "EventPattern": {
            "source": ["aws.cognito-idp"],
            "detail-type": ["AWS API Call via CloudTrail"],
            "detail": {"eventSource": ["cognito-idp.amazonaws.com"], "eventName": ["AdminCreateUser"]},
        },
        "Targets": [
            {"Id": "shut", "Arn": {"Fn::GetAtt": "ShutQueue.Arn"}},
            {"Id": "queue", "Arn": {"Fn::GetAtt": "ChangesQueue.Arn"}},
        ],
    }
    may_send = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": {"Fn::GetAtt": "ChangesQueue.Arn"},
        "Condition": {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": "Rule.Arn"}}},
    }
    tls_only = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "sqs:*",
        "Resource": {"Fn::GetAtt": "ChangesQueue.Arn"},
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    api = {
        "StageName": "v1",
        "Auth": {
            "DefaultAuthorizer": "Pools",
            "Authorizers": {"Pools": {"UserPoolArn": pool_arns}},
        },
        "Models": {"User": user},
        "MethodSettings": [
            {
                "HttpMethod": "*",
                "ResourcePath": "/*",
                "ThrottlingRateLimit": 0.01,
                "ThrottlingBurstLimit": 6,
            }
        ],
    }
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "GaveUpQueue": {"Type": "AWS::SQS::Queue"},
            "ChangesQueue": {"Type": "AWS::SQS::Queue"},
            "ShutQueue": {"Type": "AWS::SQS::Queue"},
            "ChangesPolicy": {
                "Type": "AWS::SQS::QueuePolicy",
                "Properties": {
                    "Queues": [{"Ref": "ChangesQueue"}],
                    "PolicyDocument": {"Version": "2012-10-17", "Statement": [may_send, tls_only]},
                },
            },
            "Rule": {"Type": "AWS::Events::Rule", "Properties": rule},
            "StreamRole": {"Type": "AWS::IAM::Role", "Properties": stream_role(table, stream_arn)},
            "StreamFunction": _function(
                STREAM_CODE,
                {"Fn::GetAtt": "StreamRole.Arn"},
                Layers=layers,
                Environment={"Variables": {"TABLE_NAME": table}},
                Events={"Stream": {"Type": "DynamoDB", "Properties": stream}},
            ),
            "Api": {"Type": "AWS::Serverless::Api", "Properties": api},
            "ApiFunction": _function(API_CODE, role, Events={"Put": {"Type": "Api", "Properties": put}}),
        },
        "Outputs": {
            "ApiId": {"Value": {"Ref": "Api"}},
            "GaveUpQueueUrl": {"Value": {"Ref": "GaveUpQueue"}},
            "ShutQueueUrl": {"Value": {"Ref": "ShutQueue"}},
            "ChangesQueueUrl": {"Value": {"Ref": "ChangesQueue"}},
        },
    }
