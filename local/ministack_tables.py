"""Patches of ministack's CloudFormation: a global table has its replicas and all of its properties.

(AWSCloudFormation/latest/TemplateReference/aws-resource-dynamodb-globaltable.html)
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import dynamodb
from ministack.services.cloudformation import provisioners

from local.patching import Patches

GLOBAL_TABLE = provisioners._RESOURCE_HANDLERS["AWS::DynamoDB::GlobalTable"]

patches = Patches()


def refuse_failure(response: tuple[int, Any, bytes]) -> None:
    """Raise ValueError, which CloudFormation reports as the resource's failure, for an API's error."""
    status, _, body = response
    if status >= 400:
        raise ValueError(f"AWS::DynamoDB::GlobalTable: {body.decode()}")


def is_true(value: Any) -> bool:
    """Read a Boolean property, which a template may spell as a string."""
    return str(value).lower() == "true"


def table_properties(properties: dict[str, Any]) -> dict[str, Any]:
    """Turn what a global table spells differently into what AWS::DynamoDB::Table calls it."""
    plain = dict(properties)
    plain.setdefault("StreamSpecification", {"StreamViewType": "NEW_AND_OLD_IMAGES"})
    encryption = plain.pop("SSESpecification", None)
    if encryption:
        own: dict[str, Any] = next(
            (
                replica.get("SSESpecification", {})
                for replica in replicas(properties)
                if replica["Region"] == get_region()
            ),
            {},
        )
        plain["SSESpecification"] = {
            "Enabled": is_true(encryption.get("SSEEnabled")),
            "SSEType": encryption.get("SSEType", "KMS"),
            **{key: value for key, value in own.items() if key == "KMSMasterKeyId"},
        }
    return plain


def replicas(properties: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the replicas of a template, without those a condition took out."""
    return [replica for replica in properties.get("Replicas", []) if replica]


def configure(name: str, properties: dict[str, Any]) -> None:
    """Bring replicas, encryption, time to live and point-in-time recovery to what the template says."""
    here = get_region()
    wanted = {replica["Region"] for replica in replicas(properties)} - {here}
    existing = set(dynamodb._replica_group(dynamodb._tables[name])) - {here}
    encryption = table_properties(properties).get("SSESpecification")
    if encryption:
        refuse_failure(dynamodb._update_table({"TableName": name, "SSESpecification": encryption}))
    changes = [{"Create": {"RegionName": region}} for region in sorted(wanted - existing)]
    changes += [{"Delete": {"RegionName": region}} for region in sorted(existing - wanted)]
    if changes:
        refuse_failure(dynamodb._update_table({"TableName": name, "ReplicaUpdates": changes}))
    expiry = properties.get("TimeToLiveSpecification")
    if expiry:
        setting = {**expiry, "Enabled": is_true(expiry.get("Enabled"))}
        refuse_failure(dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": setting}))
    for replica in replicas(properties):
        with request_scope(get_account_id(), replica["Region"]):
            configure_replica(name, replica)


def configure_replica(name: str, replica: dict[str, Any]) -> None:
    """Set what each replica, the first one too, has of its own."""
    recovery = replica.get("PointInTimeRecoverySpecification", {})
    setting = {"PointInTimeRecoveryEnabled": is_true(recovery.get("PointInTimeRecoveryEnabled"))}
    request = {"TableName": name, "PointInTimeRecoverySpecification": setting}
    refuse_failure(dynamodb._update_continuous_backups(request))
    protected = is_true(replica.get("DeletionProtectionEnabled"))
    refuse_failure(dynamodb._update_table({"TableName": name, "DeletionProtectionEnabled": protected}))


@patches.replace(GLOBAL_TABLE, "create", "cd71b40024fd")
def create(original: Callable[..., Any], logical_id: str, properties: dict[str, Any], stack: str) -> Any:
    """Create the replicas of a global table; honour TTL, point-in-time recovery and encryption.

    A table of that name which exists already is an error, not overwritten.
    """
    name = properties.get("TableName")
    if name and name in dynamodb._tables:
        raise ValueError(f"AWS::DynamoDB::GlobalTable with identifier '{name}' already exists.")
    created = original(logical_id, table_properties(properties), stack)
    configure(created[0], properties)
    return created


@patches.replace(GLOBAL_TABLE, "update", "fa63a6a118be")
def update(
    original: Callable[..., Any], physical_id: str, old: dict[str, Any], new: dict[str, Any], stack: str
) -> Any:
    """Bring replicas, indexes, TTL, point-in-time recovery and encryption of a global table up to date.

    As on AWS one update may add or delete one index.
    """
    before, after = indexes(old), indexes(new)
    if len([name for name in before.keys() | after.keys() if before.get(name) != after.get(name)]) > 1:
        text = "Cannot perform more than one GSI creation or deletion in a single update"
        raise ValueError(f"AWS::DynamoDB::GlobalTable: {text}")
    updated = original(physical_id, table_properties(old), table_properties(new), stack)
    configure(updated[0], new)
    for replica in replicas(new):
        with request_scope(get_account_id(), replica["Region"]):
            configure_indexes(updated[0], new)
    return updated


def indexes(properties: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return a template's global secondary indexes by name."""
    return {index["IndexName"]: index for index in properties.get("GlobalSecondaryIndexes") or ()}


def configure_indexes(name: str, properties: dict[str, Any]) -> None:
    """Give a replica the indexes that the template says; ministack changes those of one replica only."""
    wanted = indexes(properties)
    existing = {index["IndexName"] for index in dynamodb._tables[name].get("GlobalSecondaryIndexes") or ()}
    changes = [{"Delete": {"IndexName": each}} for each in sorted(existing - wanted.keys())]
    changes += [{"Create": wanted[each]} for each in sorted(wanted.keys() - existing)]
    for change in changes:
        request = {
            "TableName": name,
            "AttributeDefinitions": properties.get("AttributeDefinitions", []),
            "GlobalSecondaryIndexUpdates": [change],
        }
        refuse_failure(dynamodb._update_table(request))


@patches.replace(GLOBAL_TABLE, "delete", "ae2c6ae31885")
def delete(original: Callable[..., Any], physical_id: str, properties: dict[str, Any]) -> None:
    """Delete the replicas with the global table."""
    configure(physical_id, {"Replicas": []})
    original(physical_id, properties)
