"""The errors of this part: a photograph that cannot be had, with the reason as a sentence."""

import math

LATER = math.inf


class PhotographError(Exception):
    """A photograph could not be read or is not accepted; the message is stored with its row."""


class PassingError(PhotographError):
    """A failure that may be over in a moment.

    Attributes:
        wait_s: how long to wait, in seconds, if that is known; ``LATER`` for another run.
    """

    def __init__(self, message: str, wait_s: float | None = None) -> None:
        super().__init__(message)
        self.wait_s = wait_s
