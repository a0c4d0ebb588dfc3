"""Fine-tuning: the loop over epochs, its validation and its early stopping.

What belongs here: the order of things. The arithmetic is in ``loss``, ``optimisation``,
``augment`` and ``sampling``; the arrays come from ``data``.
"""

import copy
import math
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import torch  # noqa: TID253 - only ever imported inside a training
import torch.nn.functional as F  # noqa: N812, TID253
from torch.nn.attention import SDPBackend, sdpa_kernel  # noqa: TID253

from vlclip_dagster.encoder.augment import augment
from vlclip_dagster.encoder.checkpoint import TrainedCheckpoint
from vlclip_dagster.encoder.data import PairSource, TrainingData, prepare, validate
from vlclip_dagster.encoder.loss import ContrastiveLoss, KindLoss, clamp_temperature
from vlclip_dagster.encoder.model import (
    ClipModel,
    build_model,
    can_trim,
    choose_device,
    encode_tokens,
    takes_any_size,
    text_tower,
)
from vlclip_dagster.encoder.optimisation import (
    Average,
    epochs_for,
    image_side,
    learning_rate,
    make_optimizer,
    uses_bf16,
)
from vlclip_dagster.encoder.provenance import (
    ENCODER_CODE_VERSION,
    EpochMetrics,
    Provenance,
    package_versions,
)
from vlclip_dagster.encoder.sampling import StratifiedBatches
from vlclip_dagster.encoder.settings import EncoderSettings, TrainingSettings
from vlclip_dagster.encoder.split import TRAIN, VAL, assign_splits
from vlclip_dagster.encoder.state import TrainingState, load_state, save_state
from vlclip_dagster.encoder.validation import is_better, mean_reciprocal_rank, ranks, recall_at
from vlclip_dagster.encoder.vocabulary import UNKNOWN, Vocabulary
from vlclip_dagster.errors import VlclipError
from vlclip_dagster.hashing import row_key
from vlclip_dagster.progress import report

STATE_FILE = "state.pt"
VALIDATION_BATCH = 128


def train(
    pairs: PairSource,
    settings: TrainingSettings,
    encoder: EncoderSettings,
    workdir: Path,
    *,
    on_epoch: Callable[[EpochMetrics], None] | None = None,
) -> TrainedCheckpoint:
    """Train the chosen model on ``pairs`` and return the weights of its best epoch.

    A training that was killed goes on from its last finished epoch when called again with the
    same arguments, and ends with the weights it would have had.

    Args:
        pairs: the data; its ``split`` column is used when present, else splits are assigned.
        settings: how to train.
        encoder: what to train.
        workdir: folder for decoded images and the resume state; one training at a time.
        on_epoch: called after each newly trained epoch.

    Raises:
        VlclipError: the pairs cannot be trained on.
        MissingRequirementError: the model's weights cannot be had.
    """
    workdir.mkdir(parents=True, exist_ok=True)
    frame = _with_splits(pairs, settings)
    torch.manual_seed(settings.seed)
    model = build_model(encoder)
    data = prepare(pairs, frame, model, workdir)
    key = row_key(
        ENCODER_CODE_VERSION,
        data.digest,
        settings.model_dump(),
        encoder.model_dump(exclude={"device"}),
    )
    run = _Run(model, data, settings, choose_device(encoder.device), key)
    state_path = workdir / STATE_FILE
    run.restore(load_state(state_path, key))
    while not run.finished:
        metrics = run.epoch()
        save_state(run.state, state_path)
        report("training epochs", metrics.epoch, run.settings.epochs)
        if on_epoch:
            on_epoch(metrics)
    return TrainedCheckpoint(
        model=run.best_model(),
        metrics=run.state.metrics,
        provenance=_provenance(run.state, data, settings, encoder),
    )


class _Run:
    """One training: its networks, its optimiser and the state they leave after each epoch."""

    def __init__(
        self,
        model: ClipModel,
        data: TrainingData,
        settings: TrainingSettings,
        device: torch.device,
        key: str,
    ) -> None:
        self.model, self.data, self.settings, self.device = model, data, settings, device
        self._rows = data.rows(TRAIN)
        self._trim = model.clip_tokens and can_trim(model.network)
        self._vocabulary = self._shrink() if self._trim else None
        network = model.network.to(device, memory_format=torch.channels_last)
        self._network: Any = network
        self._kept: Any = copy.deepcopy(network).eval()
        self._average = Average(self._network, self._kept, settings.ema)
        self._optimizer = make_optimizer(network, settings)
        self._batches = StratifiedBatches(
            data.frame["slug"].gather(self._rows).to_list(),
            settings.batch_size,
            settings.seed,
            balance=settings.balance,
            hard_share=settings.hard_share,
        )
        epochs = settings.epochs or epochs_for(len(self._batches))
        self.settings = settings.model_copy(update={"epochs": epochs})
        self._total = min(epochs * len(self._batches), settings.max_steps or math.inf)
        self._any_size = model.scratch and takes_any_size(model.network)
        self._loss = ContrastiveLoss()
        self._kind_loss = KindLoss()
        self._has_further = any(len(texts) for texts in data.further)
        self._bf16 = uses_bf16(settings.precision, device)
        self.state = TrainingState(key)

    @property
    def finished(self) -> bool:
        """Whether the epochs, the steps or the patience have run out."""
        done = self.state.epoch
        spent = done >= self.settings.epochs or done * len(self._batches) >= self._total
        return spent or (done > 0 and done - self.state.best_epoch >= self.settings.patience)

    def restore(self, state: TrainingState | None) -> None:
        """Go on from ``state``, if there is one."""
        if state is not None:
            self.state = state
            self._network.load_state_dict(state.network)
            self._kept.load_state_dict(state.average)
            self._optimizer.load_state_dict(state.optimizer)

    def epoch(self) -> EpochMetrics:
        """Train one epoch, validate, and bring the state up to date."""
        started = time.perf_counter()
        epoch = self.state.epoch
        # Every epoch draws from its own seed: nothing of the generator needs to be saved.
        torch.manual_seed(self.settings.seed * 100_003 + epoch)
        self._network.train()
        losses = [self._step(*batch) for batch in self._epoch_batches(epoch)]
        metrics = self._validate(epoch + 1, float(np.mean(losses)), started)
        self._remember(metrics)
        return metrics

    def best_model(self) -> ClipModel:
        """The model with the best epoch's weights and its whole vocabulary, on the CPU."""
        self._kept.load_state_dict(self.state.best)
        network = self._kept.cpu().to(memory_format=torch.contiguous_format)
        if self._vocabulary:
            tower = text_tower(network)
            rows = tower.token_embedding.weight.detach()
            whole = self._vocabulary.expand(rows, self._table, scratch=self.model.scratch)
            tower.token_embedding = torch.nn.Embedding.from_pretrained(whole, freeze=False)
        return ClipModel(**{**vars(self.model), "network": network.eval()})

    def _shrink(self) -> Vocabulary:
        """Keep only the embedding rows in use: those trained, and pretrained ones of any text."""
        data = self.data
        numbers = [data.query[self._rows], data.kind[self._rows]]
        numbers += [data.further[row] for row in self._rows]
        tokens = data.texts.tokens
        if self.model.scratch:
            tokens = tokens[np.unique(np.concatenate(numbers))]
        vocabulary = Vocabulary([tokens])
        self._table = vocabulary.shrink(text_tower(self.model.network))
        return vocabulary

    def _epoch_batches(self, epoch: int) -> Iterator[tuple[int, int, np.ndarray]]:
        first = epoch * len(self._batches)
        batches = islice(self._batches.epoch(epoch), max(0, int(self._total - first)))
        for offset, batch in enumerate(batches):
            yield first + offset, epoch, self._rows[batch]

    def _step(self, step: int, epoch: int, rows: np.ndarray) -> float:
        """One optimiser step on the pairs of ``rows``; returns the loss."""
        rng = np.random.default_rng((self.settings.seed, step))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(step, int(self._total), self.settings)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self._bf16):
            loss = self._pair_loss(epoch, rows, rng)
        self._optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._network.parameters(), self.settings.grad_clip)
        self._optimizer.step()
        clamp_temperature(self._network.logit_scale)
        self._average.update(step)
        return float(loss.detach())

    def _pair_loss(self, epoch: int, rows: np.ndarray, rng: np.random.Generator) -> torch.Tensor:
        """Loss of the images against their queries, a further text in turn, and their types."""
        data, settings = self.data, self.settings
        pixels = augment(data.pixels[data.image[rows]], self._side(epoch), rng)
        image = self._network.encode_image(self._pixels(pixels))
        scale = self._network.logit_scale
        weighted: list[tuple[float, torch.Tensor]] = []
        # Each kind of text by itself: a raw description is long, a type's name is short. On such
        # texts the plain attention takes less than half the fused one's time on a CPU.
        with sdpa_kernel(SDPBackend.MATH):
            query = self._encode_texts(self._network, data.query[rows], rng)
            labels = self._labels(rows, data.query[rows])
            # Without further texts the query takes their weight, so that what the type's name
            # weighs beside the contrast does not depend on what a catalog says.
            spare = 0.0 if self._has_further else settings.second_text
            weighted.append((1.0 + spare, self._loss(image, query, scale, labels)))
            sides = [image, query]
            if settings.second_text > 0 and self._has_further:
                chosen = data.other_text(rows, epoch)
                text = self._encode_texts(self._network, chosen, rng)
                labels = self._labels(rows, chosen)
                weighted.append((settings.second_text, self._loss(image, text, scale, labels)))
                sides.append(text)
            if settings.type_text > 0:
                kinds, own = np.unique(data.kind[rows], return_inverse=True)
                names = self._encode_texts(self._network, kinds)
                kind = torch.from_numpy(own).to(self.device)
                # All sides, so that an image and a text of one type meet at its name.
                for side in sides:
                    loss = self._kind_loss(side, names, scale, kind)
                    weighted.append((settings.type_text / 2, loss))
        total = sum(weight for weight, _ in weighted)
        return torch.stack([weight / total * loss for weight, loss in weighted]).sum()

    def _side(self, epoch: int) -> int:
        side = self.model.preprocess.size
        return image_side(epoch, side, self.settings) if self._any_size else side

    def _labels(self, rows: np.ndarray, texts: np.ndarray) -> torch.Tensor:
        columns = np.column_stack([self.data.labels[rows], texts, self.data.query[rows]])
        return torch.from_numpy(columns).to(self.device)

    def _pixels(self, pixels: np.ndarray) -> torch.Tensor:
        """Normalise (n, s, s, 3) uint8 on the device, as ``Preprocess.normalise`` does."""
        preprocess = self.model.preprocess
        mean, std = (
            torch.tensor(values, device=self.device).view(1, 3, 1, 1) * 255
            for values in (preprocess.mean, preprocess.std)
        )
        # The permuted view is channels-last already, which convolutions on a CPU like best.
        return (torch.from_numpy(pixels).to(self.device).permute(0, 3, 1, 2) - mean) / std

    def _encode_texts(
        self, network: Any, numbers: np.ndarray, rng: np.random.Generator | None = None
    ) -> torch.Tensor:
        """Features of texts; with ``rng``, as training sees them: some tokens unknown."""
        tokens = self.data.texts.batch(numbers)
        if self._vocabulary is None:
            return network.encode_text(torch.from_numpy(tokens).to(self.device))
        compact = self._vocabulary.compact(tokens)
        if rng is not None and self.model.scratch:
            inner = (compact != compact.max(axis=1, keepdims=True)) & (tokens != tokens[0, 0])
            drop = rng.random(compact.shape) < self.settings.token_dropout
            compact = np.where(drop & inner, UNKNOWN, compact)
        return encode_tokens(network, torch.from_numpy(compact).to(self.device))

    @torch.no_grad()
    def _validate(self, epoch: int, train_loss: float, started: float) -> EpochMetrics:
        """Rank the validation images for the validation queries with the averaged weights."""
        data, kept = self.data, self._kept
        rows = data.rows(VAL)
        image = self._features(
            lambda n: kept.encode_image(self._pixels(data.exact[n])), len(data.exact)
        )
        text = self._features(lambda n: self._encode_texts(kept, data.query[rows[n]]), len(rows))
        shown = np.searchsorted(data.watched, data.image[rows])
        found = ranks(text.numpy(), image.numpy(), shown)
        return EpochMetrics(
            epoch=epoch,
            train_loss=train_loss,
            queries=len(rows),
            val_loss=self._validation_loss(rows, image[shown], text),
            recall_at_10=recall_at(found, 10),
            mrr=mean_reciprocal_rank(found),
            temperature=float(kept.logit_scale.exp()),
            lr=self._optimizer.param_groups[0]["lr"],
            seconds=time.perf_counter() - started,
        )

    def _validation_loss(self, rows: np.ndarray, image: torch.Tensor, text: torch.Tensor) -> float:
        """Mean loss over the validation pairs in batches as large as the training's."""
        if not len(rows):
            return 0.0
        count = max(1, len(rows) // self.settings.batch_size)
        scale = self._kept.logit_scale.detach().cpu()
        labels = self._labels(rows, self.data.query[rows]).cpu()
        parts = np.array_split(np.arange(len(rows)), count)
        losses = [self._loss(image[part], text[part], scale, labels[part]) for part in parts]
        return float(torch.stack(losses).mean())

    def _features(self, encode: Callable[[np.ndarray], torch.Tensor], count: int) -> torch.Tensor:
        """Unit features of ``count`` inputs, encoded in full precision, batch by batch."""
        parts = [
            F.normalize(
                encode(np.arange(start, min(start + VALIDATION_BATCH, count))).float(), dim=-1
            ).cpu()
            for start in range(0, count, VALIDATION_BATCH)
        ]
        return torch.cat(parts) if parts else torch.zeros(0, self.model.config["embed_dim"])

    def _remember(self, metrics: EpochMetrics) -> None:
        state = self.state
        state.epoch = metrics.epoch
        if is_better(metrics, state.metrics, state.best_epoch):
            state.best_epoch = metrics.epoch
        state.metrics = [*state.metrics, metrics]
        state.network, state.average = self._network.state_dict(), self._kept.state_dict()
        state.optimizer = self._optimizer.state_dict()
        if state.best_epoch == metrics.epoch:
            state.best = {name: tensor.clone() for name, tensor in state.average.items()}


def _with_splits(pairs: PairSource, settings: TrainingSettings) -> pl.DataFrame:
    validate(pairs.frame)
    frame = pairs.frame
    if "split" not in frame.columns:
        frame = assign_splits(frame, settings.seed, settings.val_share, settings.test_share)
    count = len(frame.filter(frame["split"] == TRAIN))
    if count < 2:
        raise VlclipError(
            f"only {count} products are left to train on; land a larger catalog, or lower"
            " VLCLIP_TRAINING__TEST_SHARE and VLCLIP_TRAINING__VAL_SHARE"
        )
    return frame


def _provenance(
    state: TrainingState, data: TrainingData, settings: TrainingSettings, encoder: EncoderSettings
) -> Provenance:
    splits = {
        str(name[0]): sorted(part["item_id"].to_list())
        for name, part in data.frame.group_by("split")
    }
    return Provenance(
        key=state.key,
        data_version=data.digest,
        pairs=len(data.frame),
        splits=dict(sorted(splits.items())),
        best_epoch=state.best_epoch,
        encoder=encoder,
        training=settings,
        packages=package_versions(),
    )
