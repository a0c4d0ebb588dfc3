"""The Batch API: questions handed in together, answers collected when they are done.

Handing in returns at once; a batch takes up to a day. What is out is written down before it is
sent, so a restart neither loses a batch nor pays for it twice. Collecting is safe to repeat.
"""

import io
import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from vlclip_dagster.refinement.answers import UNREADABLE, read_answer
from vlclip_dagster.refinement.cache import ANSWERED, AnswerCache, Call, record
from vlclip_dagster.refinement.endpoint import Endpoint, Reply, Trouble, refused
from vlclip_dagster.refinement.prompts import FORMS, Question
from vlclip_dagster.refinement.spending import Price
from vlclip_dagster.refinement.types import Failure

if TYPE_CHECKING:
    from openai.types import Batch

_ENDED = frozenset({"completed", "failed", "expired", "cancelled"})
# A batch that was written down and not found at the server after this long was never sent.
UNSENT_AFTER_S = 300
# So many batches may leave a question open before it is given up.
_TRIES = 3
_MARK = "vlclip_batch"
OUT = Failure("its batch is not done yet", passing=True)


class BatchDesk:
    """Hands questions in and collects answers; the ledger's file remembers what is out."""

    def __init__(self, endpoint: Endpoint, cache: AnswerCache, price: Price | None) -> None:
        self._endpoint, self._cache, self._price = endpoint, cache, price

    def not_out(self, asked: Mapping[str, Question]) -> dict[str, Question]:
        """Those of ``asked`` (by request hash) that no batch holds."""
        with self._cache.transaction() as connection:
            out = {row[0] for row in connection.execute("SELECT request FROM batch_requests")}
        return {key: question for key, question in asked.items() if key not in out}

    def submit(self, asked: Mapping[str, Question], label: str, dearest_usd: float) -> Failure:
        """Hand ``asked`` in as one batch; the answer is that it is out, or why it is not."""
        from openai import OpenAIError

        mark = secrets.token_hex(8)
        with self._cache.transaction() as connection:
            connection.execute(
                "INSERT INTO batches (mark, label, usd) VALUES (?, ?, ?)",
                (mark, label, dearest_usd),
            )
            connection.executemany(
                "INSERT INTO batch_requests (request, mark, item_id, step) VALUES (?, ?, ?, ?)",
                [(key, mark, one.item_id, one.step) for key, one in asked.items()],
            )
        try:
            remote = self._send(asked, mark, label)
        except OpenAIError as error:
            self._forget(mark)
            return Failure(f"its batch was not taken ({type(error).__name__})", passing=True)
        self._note_sent(mark, remote)
        return OUT

    def _send(self, asked: Mapping[str, Question], mark: str, label: str) -> str:
        lines = (
            json.dumps(
                {
                    "custom_id": key,
                    "method": "POST",
                    "url": "/v1/chat/completions",
                    "body": self._endpoint.request(question, FORMS[0]),
                }
            )
            for key, question in asked.items()
        )
        content = io.BytesIO("\n".join(lines).encode())
        client = self._endpoint.client
        file = client.files.create(file=("questions.jsonl", content), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id,
            endpoint="/v1/chat/completions",
            completion_window="24h",
            metadata={_MARK: mark, "product_type": label[:64]},
        )
        return batch.id

    def _note_sent(self, mark: str, remote: str) -> None:
        with self._cache.transaction() as connection:
            connection.execute("UPDATE batches SET remote = ? WHERE mark = ?", (remote, mark))

    def collect(self, label: str | None = None) -> dict[str, str]:
        """Store what batches that are done have answered.

        A server that cannot be reached is asked again at the next call.

        Args:
            label: collect the batches of this label only.

        Returns:
            Label → name of each batch that is done and was not taken up yet.

        Raises:
            MissingRequirementError: a batch is out, and the key is not in the environment.
        """
        with self._cache.transaction() as connection:
            out = connection.execute(
                "SELECT mark, remote, strftime('%s', 'now') - strftime('%s', at) FROM batches"
                " WHERE NOT done AND (?1 IS NULL OR label = ?1)",
                (label,),
            ).fetchall()
        for mark, remote, age_s in out:
            self._collect(mark, remote, age_s)
        with self._cache.transaction() as connection:
            done = "SELECT label, mark FROM batches WHERE done ORDER BY at, mark"
            return dict(connection.execute(done).fetchall())

    def take_up(self, label: str) -> None:
        """Collect the batches of ``label``, and note that its loop goes on from their answers."""
        self.collect(label)
        with self._cache.transaction() as connection:
            connection.execute("DELETE FROM batches WHERE done AND label = ?", (label,))

    def _collect(self, mark: str, remote: str | None, age_s: int) -> None:
        """Collect one batch, if it is done."""
        from openai import OpenAIError

        client = self._endpoint.client
        try:
            batch = client.batches.retrieve(remote) if remote else self._find(mark)
            if batch is None:
                if age_s > UNSENT_AFTER_S:
                    self._forget(mark)
                return
            if not remote:
                self._note_sent(mark, batch.id)
            if batch.status not in _ENDED:
                return
            files = (batch.output_file_id, batch.error_file_id)
            texts = [client.files.content(one).text for one in files if one]
        except OpenAIError:
            return
        if batch.status == "failed":  # as a whole, before anything of it was worked on
            self._forget(mark)
        else:
            self._settle(mark, _lines(texts))

    def _find(self, mark: str) -> "Batch | None":
        """The batch of a process that died before it could note the batch's name."""
        recent = self._endpoint.client.batches.list(limit=100)
        return next((one for one in recent if (one.metadata or {}).get(_MARK) == mark), None)

    def _settle(self, mark: str, lines: Iterable[dict[str, Any]]) -> None:
        """Store a batch's answers and mark it done, in one transaction, once."""
        with self._cache.transaction() as connection:
            done = "UPDATE batches SET done = 1, usd = 0 WHERE mark = ? AND NOT done"
            if not connection.execute(done, (mark,)).rowcount:
                return
            held = "DELETE FROM batch_requests WHERE mark = ? RETURNING request, item_id, step"
            rows = connection.execute(held, (mark,)).fetchall()
            asked = {key: (item_id, step) for key, item_id, step in rows}
            for line in lines:
                # What was not asked, or was answered before, is not believed.
                key = str(line.get("custom_id"))
                if key in asked:
                    self._store(connection, key, *asked.pop(key), self._outcome(line))
            for key, whose in asked.items():
                self._store(connection, key, *whose, _NOT_REACHED)

    def _forget(self, mark: str) -> None:
        """Have a batch's questions asked again: it was never sent, or never worked on."""
        with self._cache.transaction() as connection:
            connection.execute("DELETE FROM batch_requests WHERE mark = ?", (mark,))
            connection.execute("DELETE FROM batches WHERE mark = ?", (mark,))

    def _outcome(self, line: Mapping[str, Any]) -> Reply | Trouble:
        """What came of one question of a batch."""
        from openai.types.chat import ChatCompletion

        response = line.get("response") or {}
        body = response.get("body") or {}
        status = response.get("status_code")
        if status != 200:
            error = body.get("error") or line.get("error") or {}
            trouble = refused(status or 0, error.get("code"), error.get("param"), {})
            if trouble.cure == "form":
                self._endpoint.does_without(error.get("param") or error, self._endpoint.parameters)
            return trouble
        try:
            return self._endpoint.read(ChatCompletion.model_validate(body), {})
        except ValueError:
            return Trouble("the answer could not be read", "wait")

    def _store(
        self,
        connection: sqlite3.Connection,
        key: str,
        item_id: str,
        step: Any,
        outcome: Reply | Trouble,
    ) -> None:
        """Write one call down; a question that was left open too often is given up."""
        usd = None if self._price is None else self._price.usd(outcome.usage)
        if isinstance(outcome, Reply) and read_answer(step, outcome.content) is not None:
            answered = Call(key, item_id, step, ANSWERED, outcome.usage, usd)
            record(connection, answered, outcome.content)
            return
        reason = outcome.reason if isinstance(outcome, Trouble) else UNREADABLE
        tries = connection.execute("SELECT count(*) FROM calls WHERE request = ?", (key,))
        hopeless = isinstance(outcome, Trouble) and outcome.cure == "none"
        given_up = hopeless or tries.fetchone()[0] + 1 >= _TRIES
        call = Call(key, item_id, step, reason, outcome.usage, usd)
        record(connection, call, Failure(reason) if given_up else None)


_NOT_REACHED = Trouble("its batch ended before its turn", "wait")


def _lines(texts: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The lines of result files that are JSON objects."""
    for line in (line for text in texts for line in text.splitlines()):
        try:
            data = json.loads(line)
        except ValueError:
            continue
        if isinstance(data, dict):
            yield data
