-- How well a checkpoint finds the products of one type, or of all where there is no slug.
select
    score_id,
    checkpoint,
    slug,
    queries,
    gallery,
    hits1,
    hits5,
    hits5_low,
    hits5_high,
    hits10,
    mrr,
    cast(measured_at as timestamp) as measured_at
from {{ source('retrieval_scores') }}
