-- A materialization that was finished: what it did and how long it took, in seconds.
select
    run_id,
    asset,
    slug,
    kept,
    computed,
    deleted,
    failed,
    seconds,
    cast(finished_at as timestamp) as finished_at
from {{ source('stage_runs') }}
