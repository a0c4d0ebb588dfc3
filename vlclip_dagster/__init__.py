"""VL-CLIP as a data platform: the method in plain Python, orchestrated by Dagster.

The sub-packages hold the method and know nothing of Dagster; ``definitions`` puts the
code location together.
"""
