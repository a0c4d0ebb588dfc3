"""Which failures pass by themselves: a server that is away for a moment, a lock somebody holds.

What belongs here: recognising them. What is done about them is up to the caller. Libraries are
known by the names of their errors, so that none has to be imported to ask.
"""

from collections.abc import Iterator

# Module of the library, and the error or a base of it.
_TRANSIENT = {
    ("builtins", "ConnectionError"),
    ("builtins", "TimeoutError"),
    ("httpx", "TransportError"),
    ("openai", "APIConnectionError"),
    ("qdrant_client", "ResponseHandlingException"),
    ("qdrant_client", "ResourceExhaustedResponse"),
    ("botocore", "HTTPClientError"),
    ("sqlalchemy", "TimeoutError"),
}
# Lance and SQLite tell these apart by their texts only.
_PASSING_WORDS = (
    "commit conflict",
    "too many concurrent writers",
    "database is locked",
    "error sending request",
    "connection reset",
)
_TOO_MANY_REQUESTS, _SERVER_ERROR = 429, 500


def is_transient(error: BaseException) -> bool:
    """Whether ``error``, or what it was raised from, may be gone when one tries again."""
    return any(_passes(one) for one in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__


def _passes(error: BaseException) -> bool:
    names = {(kind.__module__.partition(".")[0], kind.__name__) for kind in type(error).__mro__}
    status = getattr(error, "status_code", None)
    if isinstance(status, int):
        return status == _TOO_MANY_REQUESTS or status >= _SERVER_ERROR
    told = str(error).lower()
    return bool(names & _TRANSIENT) or (
        not _is_ours(error) and any(words in told for words in _PASSING_WORDS)
    )


def _is_ours(error: BaseException) -> bool:
    """Our own sentences quote what users wrote, so their words prove nothing."""
    return type(error).__module__.startswith("vlclip_dagster")
