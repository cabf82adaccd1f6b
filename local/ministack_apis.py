"""Patches of ministack's API Gateway: all of what AWS::Serverless::Api says about requests.

SAM hands it over as the Body of a REST API: models in `definitions`, validators and gateway responses in
extensions (apigateway/latest/developerguide/api-gateway-swagger-extensions.html). ministack imports paths,
integrations and authorizers of a Body, and nothing else. And a gateway response may show what is wrong with
a body, as $context.error.validationErrorString (supported-gateway-response-types.html).
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from ministack.services import apigateway_v1

from local.patching import Patches

VALIDATORS = "x-amazon-apigateway-request-validators"
VALIDATOR = "x-amazon-apigateway-request-validator"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
VALIDATION_ERROR = "$context.error.validationErrorString"
_TYPES = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
}
_LOCATIONS = {"header": "header", "path": "path", "query": "querystring"}

patches = Patches()


@patches.replace(apigateway_v1, "_import_rest_api", "ef72f9312702")
def import_rest_api(original: Callable[..., str], spec: dict[str, Any], base_data: Any = None) -> str:
    """Import models, validators, gateway responses and what the operations say of them too."""
    api_id = original(spec, base_data)
    for name, schema in (spec.get("definitions") or {}).items():
        apigateway_v1._create_model(api_id, {"name": name, "schema": json.dumps(schema)})
    validators = {
        name: json.loads(apigateway_v1._create_request_validator(api_id, settings)[2])["id"]
        for name, settings in (spec.get(VALIDATORS) or {}).items()
    }
    for kind, response in (spec.get(GATEWAY_RESPONSES) or {}).items():
        apigateway_v1._put_gateway_response(api_id, kind, response)
    for method, operation in _operations(api_id, spec):
        parameters = operation.get("parameters") or ()
        models = [each["schema"] for each in parameters if each.get("in") == "body" and each.get("schema")]
        if models:
            name = models[0].get("$ref", "").rsplit("/", 1)[-1]
            method["requestModels"] = {"application/json": name}
        method["requestParameters"] = {
            f"method.request.{_LOCATIONS[each['in']]}.{each['name']}": bool(each.get("required"))
            for each in parameters
            if each.get("in") in _LOCATIONS
        }
        validator = operation.get(VALIDATOR, spec.get(VALIDATOR))
        method["requestValidatorId"] = validators.get(validator)
    return api_id


def _operations(api_id: str, spec: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Go through an API's methods, each with its operation in the Body."""
    resources = {each["path"]: each for each in apigateway_v1._resources.get(api_id, {}).values()}
    for path, item in (spec.get("paths") or {}).items():
        methods = resources["/" + path.strip("/")]["resourceMethods"]
        for name, operation in item.items():
            method = methods.get(name.upper())
            if method is not None and isinstance(operation, dict):
                yield method, operation


@patches.replace(apigateway_v1, "_check_request_validation", "9605a07a083f")
def check_request_validation(
    original: Callable[..., Any],
    method: dict[str, Any],
    api_id: str,
    request: Any,
    headers: Any,
    body: Any,
    query: Any,
) -> Any:
    """Note what is wrong with a body that its model does not allow."""
    error = original(method, api_id, request, headers, body, query)
    if error is not None and error.response_type == "BAD_REQUEST_BODY":
        model = (method.get("requestModels") or {}).get("application/json")
        error.validation = validation_error(apigateway_v1._model_schema(api_id, model), body)
    return error


def validation_error(schema: dict[str, Any], body: str | bytes) -> str:
    """Say what is wrong with a body, in the words of API Gateway's validator: never a value."""
    try:
        document = json.loads(body)
    except ValueError:
        return "Invalid JSON"
    return f"[{', '.join(dict.fromkeys(_problems(schema, document))) or 'instance does not match'}]"


def _problems(schema: dict[str, Any], instance: Any) -> Iterator[str]:
    """Go through what is wrong. As at AWS a wrong type does not come with the property's name."""
    kind = schema.get("type")
    if isinstance(kind, str) and not apigateway_v1._json_schema_valid({"type": kind}, instance, {}):
        found = _TYPES.get(type(instance), "null")
        yield f'instance type ({found}) does not match any allowed primitive type (allowed: ["{kind}"])'
    elif isinstance(instance, dict):
        properties = schema.get("properties") or {}
        missing = sorted(set(schema.get("required") or ()) - instance.keys())
        extra = sorted(instance.keys() - properties.keys())
        if missing:
            yield f"object has missing required properties ({json.dumps(missing)})"
        if extra and schema.get("additionalProperties") is False:
            names = json.dumps(extra)
            yield f"object instance has properties which are not allowed by the schema: {names}"
        for name in properties.keys() & instance.keys():
            yield from _problems(properties[name], instance[name])


@patches.replace(apigateway_v1, "_gateway_error_response", "c0a3f091df36")
def gateway_error_response(
    original: Callable[..., tuple[int, dict[str, str], bytes]], error: Any, request: dict[str, Any]
) -> tuple[int, dict[str, str], bytes]:
    """Fill in what is wrong with a body where a gateway response shows it."""
    status, headers, body = original(error, request)
    text = json.dumps(getattr(error, "validation", ""))[1:-1]
    return status, headers, body.replace(VALIDATION_ERROR.encode(), text.encode())
