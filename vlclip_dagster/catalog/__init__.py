"""Catalogs: feeds, their validation and cleaning, drops, and what a shop's newest state is.

What belongs here: everything between a shop's files and valid product rows. What does not:
photographs themselves (``images``), tables on disk (``warehouse``) and Dagster.
"""
