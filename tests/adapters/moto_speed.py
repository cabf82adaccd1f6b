"""What moto reckons anew for every answer, reckoned once: it took half the time of these tests.

None of it changes an answer. Of a type of object, each member of an answer is looked up under the same names;
a name has the same spelling; and an item's attributes are stored as DynamoDB sends them, in objects that need
no copy of what cannot change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from inspect import isfunction
from typing import Any

import pytest
from moto.core.serialize import AttributePickerContext, JSONSerializer, XFormedAttributePicker
from moto.core.utils import camelcase_to_underscores
from moto.dynamodb.models.dynamo_type import DynamoType

SENT_AS_STORED: dict[str, type] = {"S": str, "N": str, "BOOL": bool, "NULL": bool}
"""The simple types of an attribute, and what moto must have stored for it to be sent as it is."""

_names: dict[tuple[object, str, type], tuple[str, ...]] = {}
_underscored = cache(camelcase_to_underscores)


@dataclass(frozen=True, slots=True)
class Methods:
    """The names of a class's methods, of which moto asks whether one is among them."""

    of: type

    def __contains__(self, name: str) -> bool:
        return isfunction(getattr(self.of, name, None))


def hasten(patch: pytest.MonkeyPatch) -> None:
    """Make moto look up once what does not change."""
    possible_keys = XFormedAttributePicker.get_possible_keys
    structure = JSONSerializer._serialize_type_structure
    copied = DynamoType.to_regular_json

    def keys_once(self: XFormedAttributePicker, context: AttributePickerContext) -> Any:
        if hasattr(context.obj, "Meta"):  # aliases of the object's own
            return possible_keys(self, context)
        of = (context.shape, context.key, type(context.obj))
        if of not in _names:
            _names[of] = tuple(dict.fromkeys(possible_keys(self, context)))
        return _names[of]

    def attributes_as_stored(self: JSONSerializer, serialized: Any, value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and is_sent_as_stored(value):
            serialized[self.get_serialized_name(shape, key)] = value
        else:
            structure(self, serialized, value, shape, key)

    def regular(self: DynamoType) -> dict[str, Any]:
        if self.is_map():
            return {self.type: {name: each.to_regular_json() for name, each in self.value.items()}}
        if self.is_list():
            return {self.type: [each.to_regular_json() for each in self.value]}
        return copied(self)

    patch.setattr(XFormedAttributePicker, "get_possible_keys", keys_once)
    patch.setattr(JSONSerializer, "_serialize_type_structure", attributes_as_stored)
    patch.setattr(DynamoType, "to_regular_json", regular)
    patch.setattr("moto.core.responses.method_names_from_class", Methods)
    for module in ("moto.core.responses", "moto.sqs.models"):
        patch.setattr(f"{module}.camelcase_to_underscores", _underscored)


def is_sent_as_stored(value: Any) -> bool:
    """Whether an attribute is stored as it is sent; false of binary ones and of moto's own objects."""
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, content),) = value.items()
    if kind == "M":
        return type(content) is dict and all(map(is_sent_as_stored, content.values()))
    if kind == "L":
        return type(content) is list and all(map(is_sent_as_stored, content))
    if kind in ("SS", "NS"):
        return type(content) is list and all(type(each) is str for each in content)
    return type(content) is SENT_AS_STORED.get(kind)
