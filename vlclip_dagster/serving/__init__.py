"""Answering searches over what is published.

What belongs here: the search service and what puts it before people. What does not: building
anything.
"""
