"""Finding a detection checkpoint on this machine, and naming its exact content.

What belongs here: hub ids and folders to a folder that is there. What does not: loading it
(``grounding_dino``). Nothing here ever downloads.
"""

import hashlib
import json
from pathlib import Path

from vlclip_dagster.errors import MissingRequirementError

SETTING = "VLCLIP_GROUNDING__MODEL"
NEEDED = ("config.json", "preprocessor_config.json")
# Without any of them transformers reads every prompt as unknown words, and says nothing.
TOKENIZERS = ("tokenizer.json", "vocab.txt", "vocab.json")
BLOB_NAME = 64
# Kinds that answer with logits and boxes; LLMDet is an MM Grounding DINO.
KINDS = ("grounding-dino", "mm-grounding-dino", "owlv2", "owlvit")


def find_checkpoint(model: str) -> Path:
    """The folder of ``model``, a folder or the id of something in the local hub cache.

    Raises:
        MissingRequirementError: it is not on this machine, not whole, or no such detector.
    """
    folder = Path(model) if Path(model).is_dir() else _in_cache(model)
    absent = [name for name in NEEDED if not (folder / name).is_file()]
    if not any(folder.glob("*.safetensors")):
        absent.append("*.safetensors")
    if not any((folder / name).is_file() for name in TOKENIZERS):
        absent.append(TOKENIZERS[0])
    # Newer processors keep the image settings in a file of their own name.
    if (folder / "processor_config.json").is_file() and "preprocessor_config.json" in absent:
        absent.remove("preprocessor_config.json")
    if absent:
        raise MissingRequirementError(
            f"the detector in '{folder}' lacks {', '.join(absent)}: point {SETTING} at a whole "
            "checkpoint with safetensors weights"
        )
    kind = _kind(folder / "config.json")
    if kind not in KINDS:
        raise MissingRequirementError(
            f"the checkpoint in '{folder}' is of kind {kind}: point {SETTING} at one of "
            f"{', '.join(KINDS)}"
        )
    return folder


def _kind(config: Path) -> str:
    try:
        return str(json.loads(config.read_text(encoding="utf-8"))["model_type"])
    except (ValueError, KeyError, TypeError):
        return "unknown"


def _in_cache(model: str) -> Path:
    """The snapshot folder of a hub id, from the local cache only."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(model, local_files_only=True))
    except (HFValidationError, LocalEntryNotFoundError) as error:
        raise MissingRequirementError(
            f"the detector '{model}' is not on this machine: run `hf download {model}`, or set "
            f"{SETTING} to a folder that holds it"
        ) from error


def checkpoint_digest(folder: Path) -> str:
    """Hash of all settings and weights in a checkpoint folder, 32 hexadecimal digits.

    In the hub's cache a large file is a link to a blob named by its SHA-256, which is then taken
    as it stands; other files are read.
    """
    digest = hashlib.blake2b(digest_size=16)
    names = sorted([*folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.safetensors")])
    for path in names:
        real = path.resolve()
        if path.is_symlink() and len(real.name) == BLOB_NAME:
            content = real.name
        else:
            with path.open("rb") as file:
                content = hashlib.file_digest(file, "sha256").hexdigest()
        digest.update(f"{path.name}={content};".encode())
    return digest.hexdigest()
