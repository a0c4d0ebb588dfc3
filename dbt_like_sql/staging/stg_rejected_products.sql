-- A row of a feed that could not be used, and why; its product type when that could be told.
select
    rejected_id,
    shop,
    feed,
    row_number as feed_row,
    slug,
    reasons
from {{ source('rejected_products') }}
