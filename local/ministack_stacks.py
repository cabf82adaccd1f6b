"""Patches of ministack's CloudFormation: what holds for every resource of a stack."""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services.cloudformation import provisioners

from local.patching import Patches

patches = Patches()


@patches.replace(provisioners, "_physical_name", "aeef5b394ad2")
def physical_name(original: Callable[..., str], stack: str, logical_id: str, **more: Any) -> str:
    """Generate different names in different Regions: IAM roles are global, and must not overwrite each other.

    (AWSCloudFormation/latest/TemplateReference/aws-properties-name.html: a unique physical ID)
    """
    token = provisioners._NAME_SEED.set(f"{get_region()}{provisioners._NAME_SEED.get()}")
    try:
        return original(stack, logical_id, **more)
    finally:
        provisioners._NAME_SEED.reset(token)
