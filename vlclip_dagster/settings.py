"""All settings of the platform: a profile's defaults, changed by ``VLCLIP_*`` variables.

``VLCLIP_GROUNDING__THRESHOLD=0.3`` sets the field ``threshold`` of the part ``grounding``; each
part documents its own fields. Secrets are no settings: a setting names the variable that holds
one.
"""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.grounding.settings import GroundingSettings
from vlclip_dagster.hashing import row_key
from vlclip_dagster.images.settings import DedupSettings, PhotographSettings
from vlclip_dagster.index.settings import IndexSettings
from vlclip_dagster.quality.settings import QualitySettings
from vlclip_dagster.refinement.settings import RefinementSettings
from vlclip_dagster.storage import is_remote, place, remote_part, working_folder

PREFIX = "VLCLIP_"
DEFAULT_HOME = ".vlclip"

# `paper` names what the paper used; everything it leaves out is the same in both.
PROFILES: dict[str, dict[str, dict[str, Any]]] = {
    "embedded": {},
    "paper": {
        "encoder": {"model": "ViT-B-32", "pretrained": "laion2b_s34b_b79k"},
        "training": {
            "epochs": 10,
            "lr": 1e-5,
            "patience": 2,
            "token_dropout": 0.0,
            "type_text": 0.0,
        },
        "grounding": {"kind": "transformers", "model": "IDEA-Research/grounding-dino-tiny"},
        "refinement": {"backend": "openai"},
        "index": {"kind": "server"},
    },
}


class ReportSettings(BaseModel):
    """What the report measures.

    Attributes:
        ablation: whether the variants of the paper's Table 2 are trained too; each costs as
            much as the checkpoint itself.
        threshold_sweep: whether small trainings show what other score thresholds of grounding
            would do to retrieval.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    ablation: bool = True
    threshold_sweep: bool = False


class RetrainingSettings(BaseModel):
    """When the checkpoint is trained anew by itself, while a Dagster daemon runs.

    Attributes:
        cron: a cron expression; None (an empty variable) never.
        timezone: a name of the time zone database, in which ``cron`` is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cron: str | None = "0 3 * * 0"
    timezone: str = "UTC"


class Settings(BaseModel):
    """The whole tree; each part's settings are the part's own model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    home: str = DEFAULT_HOME
    profile: str = "embedded"
    inbox_address: str = ""
    photographs: PhotographSettings = PhotographSettings()
    dedup: DedupSettings = DedupSettings()
    grounding: GroundingSettings = GroundingSettings()
    refinement: RefinementSettings = RefinementSettings()
    encoder: EncoderSettings = EncoderSettings()
    training: TrainingSettings = TrainingSettings()
    index: IndexSettings = IndexSettings()
    report: ReportSettings = ReportSettings()
    quality: QualitySettings = QualitySettings()
    retraining: RetrainingSettings = RetrainingSettings()

    @property
    def inbox(self) -> Path:
        """Where drops are put: ``VLCLIP_INBOX``, or a folder of the home."""
        return place(self.inbox_address or f"{self.home}/inbox")

    @property
    def report_folder(self) -> Path:
        """Where the report is written."""
        return place(self.home) / "report"

    def code_version(self, asset: str) -> str:
        """Fingerprint of the settings that decide what ``asset`` computes."""
        decisive = [
            {
                name: value
                for name, value in getattr(self, part).model_dump(mode="json").items()
                if name not in INCIDENTAL and f"{part}.{name}" not in INCIDENTAL
            }
            for part in DECIDES.get(asset, ())
        ]
        return row_key(CODE_VERSIONS.get(asset, "1"), decisive)[:12]


# Which parts' settings decide an artifact: change one, and the artifact is out of date.
DECIDES: dict[str, tuple[str, ...]] = {
    "deduped_images": ("photographs", "dedup"),
    "grounded_crops": ("grounding",),
    "refined_queries": ("refinement",),
    "finetuned_checkpoint": ("encoder", "training"),
    "qdrant_collections": ("index",),
    "eval_report": ("report", "training"),
}
# Bumped when the code of a step changes what it computes.
CODE_VERSIONS: dict[str, str] = {
    "deduped_images": "3",
    "grounded_crops": "2",
    "refined_queries": "3",
    "eval_report": "3",
}
# Where and how fast, not what.
INCIDENTAL = frozenset(
    {"device", "batch", "root", "url", "api_key_env", "timeout_s", "concurrency", "cache_path"}
    | {"refinement.mode", "requests_per_minute", "tokens_per_minute", "attempts", "max_usd"}
    | {"remote", "input_usd", "output_usd", "examples"}
    | {"allow_network", "max_bytes", "private_hosts", "ef", "min_recall"}
    | {"s3_buckets", "per_host", "retries", "recheck_days"}
)


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings from the environment.

    Raises:
        VlclipError: a variable is not known, or its value is not one that it takes.
    """
    variables = os.environ if environ is None else environ
    given = {k[len(PREFIX) :].lower(): v for k, v in variables.items() if k.startswith(PREFIX)}
    ignored = {"test_catalogs", "state"}
    profile = given.pop("profile", "") or "embedded"
    if profile not in PROFILES:
        known = " or ".join(PROFILES)
        raise VlclipError(f"VLCLIP_PROFILE is {profile!r}; set it to {known}")
    home = _address("HOME", given.pop("home", "") or DEFAULT_HOME)
    inbox = _address("INBOX", given.pop("inbox")) if given.get("inbox") else ""
    tree: dict[str, Any] = {part: dict(fields) for part, fields in PROFILES[profile].items()}
    for name in sorted(given.keys() - ignored):
        _set(tree, name, given[name])
    local = working_folder(home)
    tree.setdefault("index", {}).setdefault("root", str(local / "index"))
    tree["index"].setdefault("remote", remote_part(home, "index"))
    tree.setdefault("refinement", {}).setdefault("cache_path", str(local / "cache" / "llm.db"))
    try:
        return Settings(home=home, profile=profile, inbox_address=inbox, **tree)
    except ValidationError as error:
        first = error.errors()[0]
        variable = PREFIX + "__".join(str(step) for step in first["loc"]).upper()
        raise VlclipError(f"{variable}: {first['msg']}") from None


def _address(name: str, given: str) -> str:
    """A folder of this machine as an absolute path, or a prefix on S3 as it is."""
    if is_remote(given) and urlsplit(given).netloc:
        return given.rstrip("/")
    if "://" in given:
        raise VlclipError(f"{PREFIX}{name} is {given!r}; give a folder, or s3://bucket/prefix")
    return str(Path(given).expanduser().absolute())


def _set(tree: dict[str, Any], name: str, value: str) -> None:
    part, _, field = name.partition("__")
    known = {
        f"{part}__{field}"
        for part, info in Settings.model_fields.items()
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel)
        for field in info.annotation.model_fields
    }
    if name not in known:
        meant = difflib.get_close_matches(name, known, n=1)
        hint = f"; did you mean {PREFIX}{meant[0].upper()}?" if meant else ""
        raise VlclipError(f"{PREFIX}{name.upper()} is not a setting{hint}")
    tree.setdefault(part, {})[field] = None if value == "" else value
