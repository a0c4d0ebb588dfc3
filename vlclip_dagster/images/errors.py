"""The one error of this part: a photograph that cannot be had, with the reason as a sentence."""


class PhotographError(Exception):
    """A photograph could not be read or is not accepted; the message is stored with its row."""
