"""The reports bucket: manifests that pass between functions, and reports."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from lifeboat.aws.translation import store_errors

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Bucket:
    """JSON documents and gzipped JSON lines in one S3 bucket. Writing a key again replaces it."""

    def __init__(self, client: S3Client, name: str) -> None:
        self._client = client
        self.name = name

    def put_document(self, key: str, document: Any, readable: bool = False) -> None:
        """Write one JSON document, indented when a person will read it."""
        text = json.dumps(document, ensure_ascii=False, indent=2 if readable else None)
        with store_errors("S3"):
            self._client.put_object(
                Bucket=self.name, Key=key, Body=text.encode(), ContentType="application/json"
            )

    def get_document(self, key: str) -> Any:
        """Read one JSON document; None when the key does not exist."""
        try:
            with store_errors("S3"):
                body = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
        except Exception as error:
            cause = error.__cause__
            if isinstance(cause, ClientError) and cause.response["Error"]["Code"] == "NoSuchKey":
                return None
            raise
        return json.loads(body)

    def put_text(self, key: str, text: str, content_type: str) -> None:
        """Write a text for people or other programs, as UTF-8."""
        with store_errors("S3"):
            self._client.put_object(
                Bucket=self.name, Key=key, Body=text.encode(), ContentType=f"{content_type}; charset=utf-8"
            )

    def put_lines(self, key: str, records: Iterable[Any]) -> None:
        """Write records as gzipped JSON lines."""
        text = "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
        with store_errors("S3"):
            self._client.put_object(
                Bucket=self.name,
                Key=key,
                Body=gzip.compress(text.encode(), compresslevel=5, mtime=0),
                ContentType="application/gzip",
            )

    def get_lines(self, prefix: str) -> Iterator[Any]:
        """Read the records of every object below `prefix`, in key order."""
        for key in self.keys(prefix):
            with store_errors("S3"):
                body = self._client.get_object(Bucket=self.name, Key=key)["Body"].read()
            for line in gzip.decompress(body).decode().split("\n"):
                if line:
                    yield json.loads(line)

    def keys(self, prefix: str) -> list[str]:
        """The keys below `prefix`, sorted."""
        found: list[str] = []
        with store_errors("S3"):
            for page in self._client.get_paginator("list_objects_v2").paginate(
                Bucket=self.name, Prefix=prefix
            ):
                found.extend(entry["Key"] for entry in page.get("Contents", []))
        return sorted(found)
