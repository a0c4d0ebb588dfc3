"""The partition of every per-type asset: a product type, by its slug.

Partition sets are global to a Dagster instance by name, so the name carries the product's.
Keys are slugs (see ``catalog.slug``); the name people read is in the table ``product_types``.
"""

import dagster as dg

product_types = dg.DynamicPartitionsDefinition(name="vlclip_product_type")
