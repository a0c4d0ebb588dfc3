"""What the chosen settings need and this machine lacks, said before any work starts."""

from collections.abc import Callable, Iterator

from vlclip_dagster.errors import MissingRequirementError
from vlclip_dagster.settings import Settings


def missing_requirements(settings: Settings) -> list[str]:
    """One sentence for each weight file, key or server that is missing; empty when all is there."""
    return list(_sentences(settings))


def _sentences(settings: Settings) -> Iterator[str]:
    for check in (_encoder, _grounder, _refiner, _index):
        sentence = check(settings)
        if sentence:
            yield sentence


def _encoder(settings: Settings) -> str | None:
    from vlclip_dagster.encoder.weights import check

    return check(settings.encoder)


def _grounder(settings: Settings) -> str | None:
    from vlclip_dagster.grounding.settings import build_grounder

    return _told_by(lambda: build_grounder(settings.grounding))


def _refiner(settings: Settings) -> str | None:
    from vlclip_dagster.refinement.settings import build_backend

    return _told_by(lambda: build_backend(settings.refinement).check())


def _index(settings: Settings) -> str | None:
    from vlclip_dagster.index import build_index

    return build_index(settings.index).check()


def _told_by(attempt: Callable[[], object]) -> str | None:
    try:
        attempt()
    except MissingRequirementError as error:
        return str(error)
    return None
