"""The CLIP model: what it starts from, how it is trained, and the current one for encoding."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from resources.part import PartResource
from vlclip_dagster.encoder.settings import Device, EncoderSettings, TrainingSettings

if TYPE_CHECKING:
    from vlclip_dagster.encoder.embed import Encoder


class EncoderResource(PartResource):
    """Settings of the model and of its training, and the encoder of a checkpoint."""

    training: dict[str, Any] = Field(default_factory=dict)
    ablation: bool = True
    threshold_sweep: bool = False

    def encoder_settings(self) -> EncoderSettings:
        """Which open_clip model, and the weights it starts from."""
        return self.parse(EncoderSettings)

    def training_settings(self) -> TrainingSettings:
        """How it is fine-tuned."""
        return self.parse(TrainingSettings, self.training)

    def load(self, folder: Path) -> "Encoder":
        """The encoder of the checkpoint in ``folder``; shared by all runs of this process."""
        return _encoder(folder, self.encoder_settings().device)


@lru_cache(maxsize=1)
def _encoder(folder: Path, device: Device) -> "Encoder":
    from vlclip_dagster.encoder.embed import load_encoder

    return load_encoder(folder, device)
