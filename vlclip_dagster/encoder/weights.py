"""Where pretrained weights are: a local file, the local cache, or the hub.

What belongs here: finding out, quickly and before any work, whether weights can be had.
What does not: building models from them.
"""

import os
from pathlib import Path
from typing import Any

from vlclip_dagster.devices import missing_device
from vlclip_dagster.encoder.settings import SMALL_MODEL, EncoderSettings
from vlclip_dagster.errors import MissingRequirementError

HUB_TIMEOUT_S = 5.0
# What open_clip reads from the repository that a model's ``text_cfg`` names.
TEXT_FILES = {"hf_tokenizer_name": "tokenizer_config.json", "hf_model_name": "config.json"}


def check(settings: EncoderSettings) -> str | None:
    """Say in one sentence what the chosen model lacks on this machine, or None.

    Never downloads; asks the hub at most once, for at most a few seconds. Loads open_clip only
    for models other than ``vlclip-small``.
    """
    known = (
        missing_device("VLCLIP_ENCODER__DEVICE", settings.device)
        or _unknown_model(settings)
        or _no_text_files(settings.model)
    )
    if known or settings.pretrained is None or Path(settings.pretrained).is_file():
        return known
    config = pretrained_config(settings)
    if not config:
        return (
            f"VLCLIP_ENCODER__PRETRAINED={settings.pretrained} is neither a file nor a pretrained"
            f" tag of {settings.model}; name one of its tags or a local weight file"
        )
    if cached_file(config) or _reachable(*_hub_files(config)):
        return None
    return _missing(settings)


def weight_file(settings: EncoderSettings) -> Path | None:
    """Give the local file of the chosen weights, downloading a tag that is not cached yet.

    Returns:
        None where the model starts at random.

    Raises:
        MissingRequirementError: the weights are neither here nor to be had.
    """
    if settings.pretrained is None:
        return None
    if Path(settings.pretrained).is_file():
        return Path(settings.pretrained)
    problem = check(settings)
    if problem:
        raise MissingRequirementError(problem)
    config = pretrained_config(settings)
    return cached_file(config) or _download(settings, config)


def pretrained_config(settings: EncoderSettings) -> dict[str, Any]:
    """open_clip's record of a pretrained tag; empty when the tag is unknown or no tag is set."""
    if settings.pretrained is None or settings.model == SMALL_MODEL:
        return {}
    import open_clip

    return dict(open_clip.get_pretrained_cfg(settings.model, settings.pretrained) or {})


def cached_file(config: dict[str, Any]) -> Path | None:
    """The weights of a pretrained tag in the local cache, without asking the network."""
    return _cached(*_hub_files(config))


def _cached(repo: str, names: list[str]) -> Path | None:
    """The first of a hub repository's files that the local cache holds."""
    from huggingface_hub import try_to_load_from_cache

    for name in names:
        found = try_to_load_from_cache(repo, name)
        if isinstance(found, str):
            return Path(found)
    return None


def _hub_files(config: dict[str, Any]) -> tuple[str, list[str]]:
    """The hub repository and the file names that may hold the weights, the safest first."""
    repo, name = os.path.split(config.get("hf_hub", ""))
    if not repo:
        return "", []
    if name:
        return repo, [f"{Path(name).stem}.safetensors", name]
    return repo, ["open_clip_model.safetensors", "open_clip_pytorch_model.bin"]


def _no_text_files(model: str) -> str | None:
    """Say what the model's text tower reads from the hub beside its weights and cannot, or None."""
    if model == SMALL_MODEL:
        return None
    import open_clip

    text = open_clip.get_model_config(model)["text_cfg"]
    for setting, name in TEXT_FILES.items():
        repo = text.get(setting)
        if repo and not (_cached(repo, [name]) or _reachable(repo, [name])):
            return (
                f"VLCLIP_ENCODER__MODEL={model} reads {name} of '{repo}', which is not in the local"
                f" cache, and the hub does not answer; run `hf download {repo} --include '*.json'"
                " '*.model' '*.txt'` where there is a network"
            )
    return None


def _reachable(repo: str, names: list[str]) -> bool:
    """Whether the hub would give one of a repository's files now."""
    import httpx
    from huggingface_hub import constants, hf_hub_url

    if constants.HF_HUB_OFFLINE or not names:
        return False
    try:
        answers = [
            httpx.head(hf_hub_url(repo, name), timeout=HUB_TIMEOUT_S).status_code for name in names
        ]
    except httpx.HTTPError:
        return False
    return any(status < 400 for status in answers)


def _download(settings: EncoderSettings, config: dict[str, Any]) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, HfHubHTTPError

    repo, names = _hub_files(config)
    for name in names:
        try:
            return Path(hf_hub_download(repo, name))
        except EntryNotFoundError:
            continue
        except (HfHubHTTPError, OSError) as problem:
            raise MissingRequirementError(_missing(settings)) from problem
    raise MissingRequirementError(_missing(settings))


def _missing(settings: EncoderSettings) -> str:
    return (
        f"the weights VLCLIP_ENCODER__PRETRAINED={settings.pretrained} of {settings.model} are not"
        " in the local cache and the hub does not answer; download them where there is a network,"
        " or set VLCLIP_ENCODER__PRETRAINED to a local weight file"
    )


def _unknown_model(settings: EncoderSettings) -> str | None:
    if settings.model == SMALL_MODEL:
        if settings.pretrained is None or Path(settings.pretrained).is_file():
            return None
        return (
            f"VLCLIP_ENCODER__PRETRAINED={settings.pretrained} is no file, and {SMALL_MODEL} has"
            " no pretrained tags; leave it out or name a local weight file"
        )
    import open_clip

    if settings.model in open_clip.list_models():
        return None
    return (
        f"VLCLIP_ENCODER__MODEL={settings.model} is no open_clip model; use {SMALL_MODEL}, ViT-B-32"
        " or another name that open_clip lists"
    )
