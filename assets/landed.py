"""``landed``: the products as the shops' newest drops have them; the source of everything.

Drops are read outside of runs (by the sensor and by ``vlclip run``), which say so with a
materialization of this asset; a run never makes it.
"""

import dagster as dg

from vlclip_dagster.partitions import product_types

landed = dg.AssetSpec(
    "landed",
    partitions_def=product_types,
    group_name="catalog",
    kinds={"lance"},
    description="Products of one type as the newest drop of each shop lists them.",
)
