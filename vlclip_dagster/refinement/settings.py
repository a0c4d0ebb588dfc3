"""Settings of refinement, and the backend they choose."""

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    from vlclip_dagster.refinement.types import Backend


class RefinementSettings(BaseModel):
    """How queries are refined.

    ``api_key_env`` is the NAME of the environment variable that holds the key, never the key; it
    is ``None`` for a local server that wants none. ``base_url`` may point at any server that
    speaks chat completions, such as vLLM, llama.cpp or Ollama.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backend: Literal["rules", "openai"] = "rules"
    max_rounds: int = Field(default=5, ge=1, le=5)
    model: str = "gpt-4o-mini"
    base_url: str | None = None
    api_key_env: str | None = "OPENAI_API_KEY"
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    max_tokens: int = Field(default=400, ge=50)
    concurrency: int = Field(default=8, ge=1, le=256)
    timeout_s: float = Field(default=30.0, gt=0, le=600)
    cache_path: Path | None = None


def build_backend(settings: RefinementSettings) -> "Backend":
    """Build the chosen backend; nothing is imported, read or opened for the other one."""
    if settings.backend == "openai":
        from vlclip_dagster.refinement.openai_backend import OpenAIBackend

        return OpenAIBackend(settings)
    from vlclip_dagster.refinement.rules import RuleBackend

    return RuleBackend()
