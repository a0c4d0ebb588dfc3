"""Photographs: reading them safely, one working rendition each, fingerprints, duplicates.

What belongs here: everything that treats a photograph as a photograph, whatever it shows.
What does not: finding the product in it (``grounding``) or embedding it (``encoder``).
"""
