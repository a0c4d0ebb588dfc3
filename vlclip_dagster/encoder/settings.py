"""Settings of the encoder and of its training; plain data that imports no torch.

What belongs here: what a user may choose. What does not: anything that acts on it.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

SMALL_MODEL = "vlclip-small"
FULL_SIZE_AT = 0.7
Device = Literal["auto", "cpu", "cuda"]
Precision = Literal["auto", "fp32", "bf16"]


class EncoderSettings(BaseModel):
    """Which CLIP model is trained and served.

    Args:
        model: ``vlclip-small`` (trained from scratch, nothing to download) or any open_clip name.
        pretrained: a pretrained tag of that model, or a local weight file; None starts at random.
        device: where it runs; ``auto`` takes a GPU when there is one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    model: str = SMALL_MODEL
    pretrained: str | None = None
    device: Device = "auto"


class TrainingSettings(BaseModel):
    """How a checkpoint is trained; everything here is part of the training's key.

    Args:
        epochs: passes over the training pairs at most; 0 takes as many as the number of pairs
            asks for, more where they are few (``optimisation.epochs_for``).
        batch_size: pairs per optimiser step.
        lr: peak learning rate of AdamW, reached after ``warmup`` and then annealed by a cosine.
        weight_decay: decoupled decay of matrices; vectors, norms and the temperature have none.
        warmup: share of all steps spent raising the learning rate.
        grad_clip: largest global gradient norm.
        ema: decay of the averaged weights that are validated and kept; 0 keeps the raw weights.
        patience: epochs without a better Recall@10 before training stops.
        balance: exponent of a type's size in a batch; 1 is proportional, 0 gives equal shares.
        hard_share: share of batches drawn from a few product types only (hard negatives).
        token_dropout: probability that a training token becomes the unknown token; used only
            when the model starts from scratch.
        second_text: weight of the further texts' loss beside the query's.
        type_text: weight of the product type's name beside the query's loss.
        val_share: share of products that early stopping watches.
        test_share: share of products that are never trained on.
        start_size: share of the model's image side that the first epoch sees; sides grow to the
            full one over ``FULL_SIZE_AT`` of the epochs. Only where the model takes any size.
        seed: fixes split, initial weights, batches and augmentation.
        max_steps: stop after so many optimiser steps, whatever ``epochs`` says.
        precision: arithmetic of the forward pass; ``auto`` is bf16 where the chip has it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(default=0, ge=0)
    batch_size: int = Field(default=64, ge=2)
    lr: float = Field(default=2e-3, gt=0)
    weight_decay: float = Field(default=0.1, ge=0)
    warmup: float = Field(default=0.1, ge=0, le=1)
    grad_clip: float = Field(default=1.0, gt=0)
    ema: float = Field(default=0.99, ge=0, lt=1)
    patience: int = Field(default=8, ge=1)
    balance: float = Field(default=0.5, ge=0, le=1)
    hard_share: float = Field(default=0.0, ge=0, le=1)
    token_dropout: float = Field(default=0.1, ge=0, lt=1)
    second_text: float = Field(default=1.0, ge=0)
    type_text: float = Field(default=1.0, ge=0)
    val_share: float = Field(default=0.1, ge=0, lt=0.5)
    test_share: float = Field(default=0.2, ge=0, lt=0.8)
    start_size: float = Field(default=0.6, gt=0, le=1)
    seed: int = 7
    max_steps: int | None = Field(default=None, ge=1)
    precision: Precision = "auto"
