-- The product types of the catalog: slug, and the name that people read.
select
    slug,
    product_type
from {{ source('product_types') }}
