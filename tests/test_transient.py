"""What passes by itself is told from what does not, by the errors that the libraries raise."""

import errno
import sqlite3

import filelock
import httpx
import pytest
from qdrant_client.common.client_exceptions import ResourceExhaustedResponse
from qdrant_client.http.exceptions import ResponseHandlingException, UnexpectedResponse

from vlclip_dagster.errors import MissingRequirementError, VlclipError
from vlclip_dagster.transient import is_transient


def answer(status: int) -> UnexpectedResponse:
    return UnexpectedResponse(status, "said", b"", httpx.Headers())


def raised_from(error: Exception, cause: Exception) -> Exception:
    error.__cause__ = cause
    return error


PASSING = [
    ConnectionRefusedError("no"),
    TimeoutError(),
    httpx.ReadTimeout("slow"),
    filelock.Timeout("file.lock"),
    sqlite3.OperationalError("database is locked"),
    OSError("Retryable commit conflict for version 3: preempted. Please retry."),
    ResponseHandlingException(OSError("refused")),
    answer(503),
    answer(429),
    raised_from(VlclipError("asked too much"), ResourceExhaustedResponse("slow down", 7)),
    raised_from(MissingRequirementError("The server does not answer: start it."), answer(502)),
]
STAYING = [
    VlclipError("the row says: database is locked, connection reset, commit conflict"),
    raised_from(MissingRequirementError("The server refuses the key."), answer(401)),
    answer(404),
    OSError(errno.ENOSPC, "No space left on device"),
    PermissionError("no"),
    sqlite3.OperationalError("no such table: points"),
    KeyError("title"),
    MemoryError(),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_it_may_be_gone_next_time(error):
    assert is_transient(error)


@pytest.mark.parametrize("error", STAYING, ids=repr)
def test_it_will_not_go_by_itself(error):
    assert not is_transient(error)
