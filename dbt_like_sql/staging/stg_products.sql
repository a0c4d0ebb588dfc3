-- A product of the catalog.
select
    item_id,
    slug,
    shop,
    item_group_id,
    title,
    price,
    currency,
    error is not null as failed
from {{ source('raw_catalog') }}
