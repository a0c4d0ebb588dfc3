"""Readers: one file for each kind of feed.

What belongs here: what is particular to a format. What does not: recognising the kind of a file
and telling its owner why it can't be read (``feeds``, where the readers are registered).
"""
