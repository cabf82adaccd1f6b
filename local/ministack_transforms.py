"""Patch of ministack's CloudFormation: SAM knows the values of a stack's parameters.

The transform puts parameters in place of references in some properties, such as the pools of an API's
authorizer (serverless-application-model/latest/developerguide/sam-property-api-cognitoauthorizer.html).
ministack gives it no values, so it would take the defaults.
"""

from collections.abc import Callable
from typing import Any

from ministack.services.cloudformation import changesets, engine, handlers

from local.patching import Patches

patches = Patches()


@patches.replace(changesets, "_apply_transforms", "d3f0e05e08db")
@patches.replace(handlers, "_apply_transforms", "d3f0e05e08db")
def apply_transforms(
    original: Callable[..., Any], template: dict[str, Any], provided: Any = None, previous: Any = None
) -> Any:
    """Transform with the values as defaults, and give the parameters back as they are declared."""
    declared = template.get("Parameters")
    if not isinstance(declared, dict) or engine._SAM_TRANSFORM not in engine.declared_transforms(template):
        return original(template, provided, previous)
    values = engine._transform_parameters(template, provided, previous)
    known = {name: {**each, "Default": values[name]} for name, each in declared.items() if name in values}
    made = original({**template, "Parameters": {**declared, **known}}, provided, previous)
    made["Parameters"] = declared
    return made
