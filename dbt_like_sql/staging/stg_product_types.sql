-- The product types: slug, the name that people read, and whether no shop sells it any more.
select
    slug,
    product_type,
    retired_at is not null as retired
from {{ source('product_types') }}
