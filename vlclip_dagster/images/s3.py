"""Photographs in S3 buckets.

What belongs here: reading one object within limits. What does not: credentials and endpoints,
which boto3 takes from the environment.

A feed is foreign text, and the reader may have rights to buckets that its author has none to; so
only buckets that the settings name are read, and the folder of the drop itself.
"""

import threading
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetched import UNKNOWN, Fetched, Version

if TYPE_CHECKING:
    from botocore.client import BaseClient

NOT_MODIFIED = 304


class S3Reader:
    """Reads objects of named buckets; may be shared by threads.

    Args:
        buckets: the buckets that may be read.
        timeout_s: longest wait for a connection, and for each further part of an answer.
        max_bytes: largest object accepted.
        retries: further attempts after a passing failure.
    """

    def __init__(
        self, buckets: frozenset[str], timeout_s: float, max_bytes: int, retries: int
    ) -> None:
        self._buckets = buckets
        self._timeout_s = timeout_s
        self._max_bytes = max_bytes
        self._retries = retries
        self._client: BaseClient | None = None
        self._making = threading.Lock()

    def read(self, link: str, known: Version = UNKNOWN, own: str = "") -> Fetched:
        """The object behind an ``s3://bucket/key`` link, unless it is still the known version.

        Args:
            link: the link.
            known: the version that is stored already.
            own: address of the drop's folder, whose objects may be read in any bucket.

        Raises:
            PhotographError: not a bucket that may be read, too large, or it failed.
        """
        bucket, key = urlsplit(link).netloc, link.split("/", 3)[3] if link.count("/") > 2 else ""
        if not key or not (bucket in self._buckets or link.startswith(f"{own or link}/")):
            raise PhotographError(
                f"The bucket '{bucket}' is not among those that photographs may come from; name "
                "it in VLCLIP_PHOTOGRAPHS__S3_BUCKETS if it should be."
            )
        from botocore.exceptions import BotoCoreError, ClientError

        unless = {"IfNoneMatch": known.etag} if known.etag else {}
        try:
            answer = self._connected().get_object(Bucket=bucket, Key=key, **unless)
            return Fetched(self._body(answer), Version(answer.get("ETag")))
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] == NOT_MODIFIED:
                return Fetched(None, known)
            code = error.response["Error"].get("Code", "unknown")
            raise PhotographError(f"'{link}' can't be read: S3 answered {code}.") from error
        except (BotoCoreError, OSError) as error:
            kind = type(error).__name__
            raise PhotographError(f"'{link}' can't be read from S3 ({kind}).") from error

    def _body(self, answer: dict[str, Any]) -> bytes:
        with answer["Body"] as stream:
            data = b"" if answer["ContentLength"] > self._max_bytes else stream.read()
        if answer["ContentLength"] > self._max_bytes:
            raise PhotographError(f"The photograph is larger than {self._max_bytes:,} bytes.")
        return bytes(data)

    def _connected(self) -> Any:
        with self._making:
            if self._client is None:
                import boto3
                from botocore.config import Config

                limits = Config(
                    connect_timeout=self._timeout_s,
                    read_timeout=self._timeout_s,
                    retries={"mode": "standard", "total_max_attempts": self._retries + 1},
                    max_pool_connections=32,
                )
                self._client = boto3.client("s3", config=limits)
        return self._client
