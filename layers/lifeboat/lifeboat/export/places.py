"""Where a listing was left when an invocation's time ran short, so that the next one goes on from there.

A place is kept in the reports bucket and not in the execution's state: a token may have 131,072 characters
(https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html), and what was
seen of a listing grows with it. The state carries how often a listing was left; so an invocation that is
tried again begins at the same place, and writes the same one after it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any, TypeVar

from lifeboat.aws.bucket import Bucket
from lifeboat.errors import CognitoRefused
from lifeboat.listing import HEX

INVALID_TOKEN = "InvalidParameterException"
"""What Cognito answers to a token that it does not, or no longer, accept."""

MOST_AGAIN = 3
"""How often a listing is begun again because its token was refused, before the export fails."""

SLICE_USERS = 100_000
"""In a pool of more users, what was seen of a group is kept in slices by sub."""

SLICE_DIGITS = 2
"""256 slices at most: of 40 million users, the most that Cognito allows, about 156,000 in each."""

Page = TypeVar("Page")


class Places:
    """The places of one export."""

    def __init__(self, bucket: Bucket, export_id: str) -> None:
        self._bucket = bucket
        self._folder = f"exports/{export_id}/listing"

    def put(self, listing: str, number: int, place: Any) -> None:
        """Keep the place at which a listing was left for the so-manieth time."""
        self._bucket.put_document(f"{self._folder}/{listing}/{number}.json", place)

    def get(self, listing: str, number: int) -> Any:
        """The place at which a listing was left for the so-manieth time."""
        return self._bucket.get_document(f"{self._folder}/{listing}/{number}.json")

    def put_seen(self, listing: str, part: int, slices: Sequence[Iterable[str]]) -> None:
        """Keep a part of the subs seen, in slices, empty ones too: an earlier attempt may have put some."""
        for number, subs in enumerate(slices):
            self._bucket.put_document(self._seen(listing, number, part), sorted(subs))

    def seen(self, listing: str, parts: int, piece: int) -> Iterator[str]:
        """The subs kept of one slice, in all parts."""
        for part in range(parts):
            yield from self._bucket.get_document(self._seen(listing, piece, part))

    def _seen(self, listing: str, piece: int, part: int) -> str:
        return f"{self._folder}/{listing}/seen/{piece}-{part}.json"


class Slices:
    """Ranges of subs, in their order: together they hold every text, and each about as many UUIDs."""

    def __init__(self, users: int) -> None:
        prefixes = [""]
        for _ in range(SLICE_DIGITS):
            if users / len(prefixes) > SLICE_USERS:
                prefixes = [prefix + digit for prefix in prefixes for digit in HEX]
        self._bounds = prefixes[1:]

    def __len__(self) -> int:
        return len(self._bounds) + 1

    def of(self, sub: str) -> int:
        """The slice in which a sub lies."""
        return bisect_right(self._bounds, sub)

    def begin(self, number: int) -> str:
        """The least text of a slice."""
        return self._bounds[number - 1] if number else ""

    def end(self, number: int) -> str:
        """The least text behind a slice; "" behind the last one."""
        return self._bounds[number] if number < len(self._bounds) else ""

    def dealt(self, subs: Iterable[str]) -> list[list[str]]:
        """The subs, slice by slice."""
        dealt: list[list[str]] = [[] for _ in range(len(self))]
        for sub in subs:
            dealt[self.of(sub)].append(sub)
        return dealt


def pages_from(listing: Callable[[str], Iterator[Page]], token: str, again: int) -> Iterator[Page] | None:
    """The pages from a token on; None if Cognito refuses the token, and the listing has to begin again.

    `again` is how often it has been begun again before. Raises CognitoRefused when that was too often.
    """
    pages = listing(token)
    if not token:
        return pages
    try:
        first = next(pages, None)
    except CognitoRefused as error:
        if error.code != INVALID_TOKEN or again >= MOST_AGAIN:
            raise
        return None
    return chain([] if first is None else [first], pages)
