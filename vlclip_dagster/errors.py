"""Errors meant for the person at the keyboard.

What belongs here: exceptions whose message is one sentence that names the row, file or
setting and says what to do; it begins in lower case and has no full stop, since others quote it.
What does not: errors of a single row, which travel as values (an ``error`` column) and never stop
a batch.
"""


class VlclipError(Exception):
    """A mistake or a missing thing that the user can put right; shown without a stack trace."""


class MissingRequirementError(VlclipError):
    """A weight file, key or server that the chosen settings need is not there."""
