"""Where moto is not as AWS is, and the difference would make a test say something untrue."""

from __future__ import annotations

import json
import re
import threading
from types import SimpleNamespace
from typing import Any

import pytest
from moto.cognitoidp.models import CognitoIdpBackend
from moto.cognitoidp.responses import CognitoIdpResponse
from moto.dynamodb.models import DynamoDBBackend
from moto.sqs.models import SQSBackend

from tests.adapters import import_jobs
from tests.adapters.moto_configuration import describe_whole_pools
from tests.adapters.moto_speed import hasten


def no_replicas(_: CognitoIdpResponse) -> str:
    """ListUserPoolReplicas, which moto does not know, of a pool without any."""
    return json.dumps({"UserPoolReplicas": []})


def mend(patch: pytest.MonkeyPatch) -> None:
    """Make conditional writes atomic, let a filter quote what its value contains, and describe whole pools.

    An empty queue says so at once: nothing can come while it is waited for. Pools have import jobs.
    Pools do without the key to sign tokens with: nobody signs in, and it takes 0.1 s a pool.
    """
    atomic = threading.RLock()
    put_item = DynamoDBBackend.put_item
    list_users = CognitoIdpBackend.list_users
    receive_message = SQSBackend.receive_message

    def put_item_atomically(self: DynamoDBBackend, *args: Any, **kwargs: Any) -> Any:
        with atomic:
            return put_item(self, *args, **kwargs)

    def list_users_unquoted(self: CognitoIdpBackend, pool_id: str, filt: str | None, **paging: Any) -> Any:
        # Greedy up to the last quotation mark, moto needs no escapes and would compare them.
        unquoted = re.sub(r"\\(.)", r"\1", filt, flags=re.DOTALL) if filt else filt
        return list_users(self, pool_id, unquoted, **paging)

    def receive_at_once(
        self: SQSBackend, queue: str, count: int, wait_seconds_timeout: int, *args: Any, **kwargs: Any
    ) -> Any:
        return receive_message(self, queue, count, 0, *args, **kwargs)

    unsigned = SimpleNamespace(RSAKey=SimpleNamespace(import_key=lambda _: None))
    patch.setattr("moto.cognitoidp.models.jwk", unsigned)
    patch.setattr(DynamoDBBackend, "put_item", put_item_atomically)
    patch.setattr(CognitoIdpBackend, "list_users", list_users_unquoted)
    patch.setattr(SQSBackend, "receive_message", receive_at_once)
    patch.setattr(CognitoIdpResponse, "list_user_pool_replicas", no_replicas, raising=False)
    describe_whole_pools(patch)
    import_jobs.teach(patch)
    hasten(patch)
