-- What each asset cost per product type and week, the newest week first and in it the dearest.
-- An asset that is made for all product types at once has no slug.
select
    cast(date_trunc('week', run.finished_at) as date) as week,
    run.asset,
    run.slug,
    coalesce(type.product_type, run.slug, 'all') as product_type,
    count(*) as runs,
    cast(sum(run.computed) as bigint) as rows_computed,
    cast(sum(run.kept) as bigint) as rows_kept,
    cast(sum(run.failed) as bigint) as rows_failed,
    round(sum(run.seconds), 3) as seconds,
    round(sum(run.usd), 4) as usd,
    round(sum(run.seconds) / nullif(sum(run.computed), 0), 4) as seconds_per_row,
    max(run.finished_at) as last_finished
from {{ ref('stg_stage_runs') }} as run
left join {{ ref('stg_product_types') }} as type on type.slug = run.slug
group by week, run.asset, run.slug, type.product_type
order by week desc, seconds desc, run.asset, run.slug
