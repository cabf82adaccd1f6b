"""JSON documents and lines in S3."""

import pytest

from lifeboat.aws.bucket import Bucket
from lifeboat.errors import StoreUnavailable

AWKWARD = {"text": 'Ó “x”, \\ "q"\n\r\t\u2028\u0085 李 🛟', "empty": "", "n": None, "list": [1, 2.5, True]}


@pytest.mark.parametrize("readable", [False, True])
def test_a_document_comes_back_as_it_was(bucket: Bucket, readable: bool) -> None:
    bucket.put_document("a/b.json", AWKWARD, readable)
    assert bucket.get_document("a/b.json") == AWKWARD


def test_a_document_that_is_not_there_is_none(bucket: Bucket) -> None:
    assert bucket.get_document("nowhere.json") is None


def test_lines_come_back_in_the_order_of_keys(bucket: Bucket) -> None:
    bucket.put_lines("found/2.jsonl.gz", [AWKWARD, {"second": 2}])
    bucket.put_lines("found/1.jsonl.gz", [{"first": 1}])
    bucket.put_lines("found/0.jsonl.gz", [])
    bucket.put_lines("foundling/0.jsonl.gz", [{"other": 1}])
    assert list(bucket.get_lines("found/")) == [{"first": 1}, AWKWARD, {"second": 2}]


def test_writing_again_replaces(bucket: Bucket) -> None:
    bucket.put_lines("k", [1, 2, 3])
    bucket.put_lines("k", iter([4]))
    assert list(bucket.get_lines("k")) == [4]


def test_the_same_lines_make_the_same_object(bucket: Bucket) -> None:
    bucket.put_lines("one", [AWKWARD])
    bucket.put_lines("two", [AWKWARD])
    tags = [bucket._client.head_object(Bucket=bucket.name, Key=key)["ETag"] for key in ("one", "two")]
    assert tags[0] == tags[1]


def test_keys_are_listed_over_all_pages(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given an S3 that lists three keys a page
    names = [f"p/{number:02}" for number in range(10)]
    for name in names:
        bucket.put_document(name, 1)
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "3")
    assert bucket.keys("p/") == names
    assert bucket.keys("q/") == []


def test_a_bucket_that_is_gone_is_an_unavailable_store(bucket: Bucket) -> None:
    bucket._client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(StoreUnavailable, match="S3: PutObject: NoSuchBucket"):
        bucket.put_document("k", {})
    with pytest.raises(StoreUnavailable, match="S3: GetObject: NoSuchBucket"):
        bucket.get_document("k")
