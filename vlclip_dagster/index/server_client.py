"""The one place that touches qdrant-client: filters, points, and what goes wrong on the way.

The client is imported here, and this module only where a server is used, because it takes more
than a second to load.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from qdrant_client import QdrantClient, models
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ApiException, UnexpectedResponse

from vlclip_dagster.errors import MissingRequirementError, VlclipError
from vlclip_dagster.index.filters import Condition, Equals, in_group
from vlclip_dagster.index.settings import IndexSettings

DEFAULT_PORT = 6333


def connect(settings: IndexSettings) -> QdrantClient:
    """A client for the server that the settings name; nothing is sent yet.

    Raises:
        MissingRequirementError: the environment variable of the key is named but not set.
        VlclipError: the address is none.
    """
    if urlsplit(settings.url).scheme not in ("http", "https"):
        raise VlclipError(
            f"VLCLIP_INDEX__URL={settings.url} is no address of a Qdrant server; give one such as "
            "http://localhost:6333 or https://qdrant.example.com:443"
        )
    key = None
    if settings.api_key_env:
        key = os.environ.get(settings.api_key_env)
        if not key:
            raise MissingRequirementError(
                f"the environment variable {settings.api_key_env} is not set: "
                "put the key of the Qdrant server there, or unset VLCLIP_INDEX__API_KEY_ENV"
            )
    with warnings.catch_warnings():
        # Said once for every step of a run; who writes http into the settings knows.
        warnings.filterwarnings("ignore", message="Api key is used with an insecure connection")
        return QdrantClient(
            url=settings.url, api_key=key, timeout=settings.timeout_s, check_compatibility=False
        )


@contextmanager
def speaking_to(url: str) -> Iterator[None]:
    """Turn a failed conversation with the server into one sentence.

    Raises:
        MissingRequirementError: nobody answers, or the key is refused.
        VlclipError: the server answers with any other error.
    """
    place = _place(url)
    try:
        yield
    except UnexpectedResponse as error:
        if error.status_code in (401, 403):
            raise MissingRequirementError(
                f"the Qdrant server at {place} refuses the key ({error.status_code}): put the "
                "right one into the environment variable named by VLCLIP_INDEX__API_KEY_ENV"
            ) from error
        raise VlclipError(
            f"the Qdrant server at {place} answers {error.status_code} {error.reason_phrase}: "
            "look at its log, then run again"
        ) from error
    except ResourceExhaustedResponse as error:
        raise VlclipError(
            f"the Qdrant server at {place} is asked too much: run again in "
            f"{error.retry_after_s} seconds, or give it more room"
        ) from error
    except ApiException as error:
        raise MissingRequirementError(
            f"the Qdrant server at {place} does not answer: start it, or set VLCLIP_INDEX__URL"
        ) from error


def _place(url: str) -> str:
    """The address without a user name or password, with the port that the client assumes."""
    parts = urlsplit(url)
    return f"{parts.hostname}:{parts.port or DEFAULT_PORT}"


def query_filter(where: Iterable[Condition], exclude_group: str | None) -> models.Filter | None:
    """All conditions at once, and not the group."""
    must: list[Any] = [_condition(condition) for condition in where]
    must_not: list[Any] = [_condition(in_group(exclude_group))] if exclude_group else []
    return models.Filter(must=must, must_not=must_not) if must or must_not else None


def _condition(condition: Condition) -> models.FieldCondition:
    if isinstance(condition, Equals):
        match = models.MatchValue(value=condition.value)
        return models.FieldCondition(key=condition.field, match=match)
    bounds = models.Range(gte=condition.low, lte=condition.high)
    return models.FieldCondition(key=condition.field, range=bounds)


def scroll(
    client: QdrantClient,
    name: str,
    *,
    payload: bool | Sequence[str] = True,
    vectors: bool = False,
    limit: int | None = None,
    where: models.Filter | None = None,
) -> Iterator[models.Record]:
    """Every point of a collection, or the first ``limit``, page by page."""
    offset, left, page = None, limit, 1_000
    while left is None or left > 0:
        records, offset = client.scroll(
            name,
            scroll_filter=where,
            limit=page if left is None else min(page, left),
            offset=offset,
            with_payload=payload if isinstance(payload, bool) else list(payload),
            with_vectors=vectors,
        )
        yield from records
        left = None if left is None else left - len(records)
        if offset is None:
            return


def aliases(client: QdrantClient, prefix: str) -> dict[str, str]:
    """The aliases that begin so, which are ours, and the collections they stand for."""
    found = client.get_aliases().aliases
    return {a.alias_name: a.collection_name for a in found if a.alias_name.startswith(prefix)}
