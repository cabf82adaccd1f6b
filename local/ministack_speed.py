"""Patches of ministack that do the same in less time, where it and not Cognito's quotas set the pace.

Found by sampling a first export of 10,000 users: its main thread is one core for everything that is asked of
it. docs/decisions/0024-benchmarks.md has the seconds. Nothing here may change an answer; the conformance
tests of `tests/local` see to it.
"""

import marshal
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import cognito, dynamodb

from local.patching import Patches

EXPRESSIONS_KEPT = 1024
FOLDED_SUB = "_FoldedSub"  # ministack shows nothing of a user whose name begins so
_SUB_FILTER = re.compile(r'"?sub"?\s*(=|\^=)\s*"([^"]*)"')

patches = Patches()


def folded_sub(user: dict[str, Any]) -> str:
    """Return a user's sub for comparison, found once and kept with the user: it never changes."""
    kept: str | None = user.get(FOLDED_SUB)
    if kept is None:
        subs = [each["Value"] for each in user.get("Attributes", ()) if each.get("Name") == "sub"]
        if not subs:
            return ""
        kept = user[FOLDED_SUB] = str(subs[-1]).casefold()
    return kept


@patches.replace(cognito, "_apply_user_filter", "97f2d0a5472a")
def apply_user_filter(
    original: Callable[..., list[dict[str, Any]]], users: list[dict[str, Any]], filter_str: str
) -> list[dict[str, Any]]:
    """Filter by sub, as the listing of a large pool does for every page, looking at nothing but the sub."""
    matched = _SUB_FILTER.match(filter_str.strip())
    if matched is None:
        return original(users, filter_str)
    operator, value = matched[1], matched[2].casefold()
    if operator == "=":
        return [user for user in users if folded_sub(user) == value]
    return [user for user in users if folded_sub(user).startswith(value)]


def copied(item: dict[str, Any]) -> dict[str, Any]:
    """Copy an item, which is made of nothing but what JSON has."""
    made: dict[str, Any] = marshal.loads(marshal.dumps(item))
    return made


@patches.replace(dynamodb, "_replicate_write", "3dc2a4ec09c5")
def replicate_write(
    original: Callable[..., None],
    table: dict[str, Any],
    event_name: str,
    old_item: dict[str, Any] | None,
    new_item: dict[str, Any] | None,
) -> None:
    """Copy an item to the other replicas by a quicker way than `copy.deepcopy`."""
    regions = dynamodb._replica_group(table)
    account, home, name = get_account_id(), get_region(), table["TableName"]
    item: dict[str, Any] = (new_item if new_item is not None else old_item) or {}
    for region in regions:
        if region == home:
            continue
        with request_scope(account, region):
            replica = dynamodb._tables.get(name)
            if replica is None:
                continue
            pk = dynamodb._extract_key_val(item.get(replica["pk_name"]))
            sort = replica["sk_name"]
            sk = dynamodb._extract_key_val(item.get(sort)) if sort else "__no_sort__"
            previous = replica["items"].get(pk, {}).get(sk)
            if new_item is None:
                dynamodb._remove_item(replica, pk, sk)
                if previous is not None:
                    dynamodb._emit_stream_event(name, "REMOVE", previous, None, replicate=False)
            else:
                dynamodb._set_item(replica, pk, sk, copied(new_item))
                event = "MODIFY" if previous else "INSERT"
                dynamodb._emit_stream_event(name, event, previous, copied(new_item), replicate=False)


@patches.replace(dynamodb, "_condition_syntax_error", "5213f1ffac34")
@lru_cache(EXPRESSIONS_KEPT)
def condition_syntax_error(original: Callable[..., str | None], expr: str, slot: str) -> str | None:
    """Check the grammar of an expression once, and not again for each item that it is applied to."""
    return original(expr, slot)


@lru_cache(EXPRESSIONS_KEPT)
def tokens_of(original: Callable[..., list[Any]], expr: str) -> tuple[Any, ...]:
    """Return the tokens of an expression."""
    return tuple(original(expr))


@patches.replace(dynamodb, "_tokenize", "6abb13395c3e")
def tokenize(original: Callable[..., list[Any]], expr: str) -> list[Any]:
    """Cut an expression into tokens once, and not again for each item that it is applied to."""
    return list(tokens_of(original, expr))


@lru_cache(maxsize=8)
def tables_of(original: Callable[..., list[str]], body: bytes, region: str, account: str) -> tuple[str, ...]:
    """Return the ARNs of the tables that a request addresses."""
    return tuple(original(body, region, account))


@patches.replace(iam_actions, "dynamodb_resource_arns", "a7186900d54a")
def dynamodb_resource_arns(
    original: Callable[..., list[str]], body: bytes, region: str, account_id: str
) -> list[str]:
    """Parse a request once, and not twice, to see which tables its sender must be allowed to use."""
    return list(tables_of(original, body, region, account_id))
