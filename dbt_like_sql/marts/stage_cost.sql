-- What each asset cost per product type, over all its runs: the dearest first. An asset that is
-- made for all product types at once has no slug.
select
    run.asset,
    run.slug,
    coalesce(type.product_type, run.slug, 'all') as product_type,
    count(*) as runs,
    cast(sum(run.computed) as bigint) as rows_computed,
    cast(sum(run.failed) as bigint) as rows_failed,
    round(sum(run.seconds), 3) as seconds,
    max(run.finished_at) as last_finished
from {{ ref('stg_stage_runs') }} as run
left join {{ ref('stg_product_types') }} as type on type.slug = run.slug
group by run.asset, run.slug, type.product_type
order by seconds desc, run.asset, run.slug
