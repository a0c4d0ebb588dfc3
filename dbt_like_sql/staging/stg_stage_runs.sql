-- A materialization that was finished: what it did, how long it took, in seconds, and what
-- endpoints charged for it, in US dollars.
select
    run_id,
    asset,
    slug,
    kept,
    computed,
    deleted,
    failed,
    seconds,
    usd,
    cast(finished_at as timestamp) as finished_at
from {{ source('stage_runs') }}
