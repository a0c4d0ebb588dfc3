"""Settings of refinement, and the backend they choose."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from vlclip_dagster.hashing import content_hash

if TYPE_CHECKING:
    from vlclip_dagster.refinement.types import Backend


class RefinementSettings(BaseModel):
    """How queries are refined.

    Attributes:
        backend: rules, which need nothing, or a model behind an endpoint.
        max_rounds: times a query is evaluated at most; the paper's ``i_max`` is 5.
        model: what the endpoint calls its model.
        base_url: any server that speaks chat completions (vLLM, llama.cpp, Ollama); None is
            OpenAI's own.
        api_key_env: NAME of the environment variable that holds the key, never the key; None for
            a local server that wants none.
        temperature: None leaves it out, for models that take none.
        max_tokens: longest answer in tokens; an answer cut short is asked for again with more.
        mode: ``online`` waits for each answer, ``batch`` submits to the Batch API and returns.
        concurrency: calls in flight at once.
        requests_per_minute: the account's limit; None leaves the pace to the server's refusals.
        tokens_per_minute: the account's limit, prompt and longest answer together.
        timeout_s: seconds that one call may take.
        attempts: times one question is asked before it is given up.
        max_usd: what this home may spend on answers in all, over all its runs; None is no limit.
        input_usd: price of a million prompt tokens, where ``prices.toml`` does not know the model.
        output_usd: price of a million answer tokens, likewise.
        examples: TOML file of reviewed examples that are shown to the model beside the built-in
            ones; nothing is ever added to it automatically.
        examples_version: hash of that file, so that an edit makes the queries out of date.
        cache_path: SQLite file of paid answers and calls; None keeps them in memory.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["rules", "openai"] = "rules"
    max_rounds: int = Field(default=5, ge=1, le=5)
    model: str = "gpt-4o-mini"
    base_url: str | None = None
    api_key_env: str | None = "OPENAI_API_KEY"
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=400, ge=50)
    mode: Literal["online", "batch"] = "online"
    concurrency: int = Field(default=8, ge=1, le=256)
    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    attempts: int = Field(default=5, ge=1, le=10)
    max_usd: float | None = Field(default=None, ge=0)
    input_usd: float | None = Field(default=None, ge=0)
    output_usd: float | None = Field(default=None, ge=0)
    examples: Path | None = None
    examples_version: str | None = None
    cache_path: Path | None = None

    @model_validator(mode="before")
    @classmethod
    def _hash_examples(cls, given: Any) -> Any:
        if not isinstance(given, dict) or not given.get("examples"):
            return given
        path = Path(given["examples"])
        try:
            return given | {"examples_version": content_hash(path.read_bytes())[:16]}
        except OSError as error:
            raise ValueError(f"the examples at {path} cannot be read ({error.strerror})") from None


def build_backend(settings: RefinementSettings, label: str = "") -> "Backend":
    """Build the chosen backend; nothing is imported, read or opened for the other one.

    Args:
        settings: which backend, and how it asks.
        label: the product type's slug, by which a batch finds back to it.
    """
    if settings.backend == "openai":
        from vlclip_dagster.refinement.openai_backend import OpenAIBackend

        return OpenAIBackend(settings, label)
    from vlclip_dagster.refinement.rules import RuleBackend

    return RuleBackend()
