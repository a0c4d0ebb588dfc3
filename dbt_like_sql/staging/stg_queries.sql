-- A product's refined query.
select
    item_id,
    slug,
    query,
    words,
    rounds,
    coalesce(converged, false) as converged,
    source as backend,
    error is not null as failed
from {{ source('refined_queries') }}
