"""A catalog that anyone can generate: rendered products with a feed and a truth file.

What belongs here: inventing products, drawing and photographing them, and writing about them
as shops do. What does not: reading feeds, and anything the pipeline computes. The pipeline
reads ``feed.tsv`` and ``images/`` and never ``truth/``, which is for tests and reports.
"""

from vlclip_dagster.catalog.generated.writer import SampleSummary, write_sample

__all__ = ["SampleSummary", "write_sample"]
