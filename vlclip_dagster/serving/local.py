"""The search service of one home, opened with as little as a query needs.

Neither Dagster, nor the warehouse, nor torch is imported: an answer takes the time of the
answer.
"""

from functools import cache

from vlclip_dagster.checkpoints import CheckpointStore
from vlclip_dagster.encoder.embed import Encoder, load_encoder
from vlclip_dagster.index import build_index
from vlclip_dagster.serving.search import SearchService
from vlclip_dagster.settings import Settings


def open_search(settings: Settings) -> SearchService:
    """Open the index, and the encoders of the checkpoints that its vectors were made with.

    Raises:
        VlclipError: nothing was built yet.
    """
    checkpoints = CheckpointStore(settings.home)
    device = settings.encoder.device
    index = build_index(settings.index)
    current = load_encoder(checkpoints.require_current().folder, device)

    @cache
    def encoder_of(space: str) -> Encoder:
        if space == index.space(current.fingerprint, current.dim):
            return current
        for decision in reversed(checkpoints.decisions()):
            if decision.promoted:
                encoder = load_encoder(checkpoints.folder(decision.training_key), device)
                if space == index.space(encoder.fingerprint, encoder.dim):
                    return encoder
        return current

    return SearchService(index, encoder_of)
