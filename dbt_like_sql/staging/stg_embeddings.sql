-- A product that was embedded, and the photograph whose point it is found by.
select
    item_id,
    slug,
    canonical_id,
    error is not null as failed
from {{ source('embeddings') }}
