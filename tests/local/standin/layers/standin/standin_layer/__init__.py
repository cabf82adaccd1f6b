"""What the stand-in's functions share: an AWS client without an SDK, to be quick to build and to deploy."""

import datetime
import hashlib
import hmac
import json
import os
import urllib.parse
import urllib.request
from typing import Any


def signed(service: str, target: str, body: bytes) -> dict[str, str]:
    """Return the headers of a call signed with the function's credentials (Signature Version 4)."""
    now = datetime.datetime.now(datetime.UTC).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{now[:8]}/{os.environ['AWS_REGION']}/{service}/aws4_request"
    headers = {
        "content-type": "application/x-amz-json-1.0",
        "host": urllib.parse.urlparse(os.environ["AWS_ENDPOINT_URL"]).netloc,
        "x-amz-date": now,
        "x-amz-security-token": os.environ["AWS_SESSION_TOKEN"],
        "x-amz-target": target,
    }
    names = ";".join(headers)
    canonical = "".join(f"{name}:{value}\n" for name, value in headers.items())
    request = f"POST\n/\n\n{canonical}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{os.environ['AWS_SECRET_ACCESS_KEY']}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    credential = f"{os.environ['AWS_ACCESS_KEY_ID']}/{scope}"
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def dynamodb(operation: str, request: dict[str, Any]) -> Any:
    """Call DynamoDB with what the function's role allows. Raises urllib.error.HTTPError if refused."""
    body = json.dumps(request).encode()
    headers = signed("dynamodb", f"DynamoDB_20120810.{operation}", body)
    call = urllib.request.Request(os.environ["AWS_ENDPOINT_URL"], body, headers)
    with urllib.request.urlopen(call) as answer:
        return json.load(answer)


def add(pk: str, sk: str, attribute: str, amount: int) -> int:
    """Add to a number in the table and return the new value."""
    answer = dynamodb(
        "UpdateItem",
        {
            "TableName": os.environ["TABLE_NAME"],
            "Key": {"pk": {"S": pk}, "sk": {"S": sk}},
            "UpdateExpression": "ADD #a :n",
            "ExpressionAttributeNames": {"#a": attribute},
            "ExpressionAttributeValues": {":n": {"N": str(amount)}},
            "ReturnValues": "UPDATED_NEW",
        },
    )
    return int(answer["Attributes"][attribute]["N"])
