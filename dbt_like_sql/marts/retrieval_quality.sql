-- How well each checkpoint finds the products of each type, and how much better than the one
-- that was measured before it. A line without a slug is over all product types.
select
    coalesce(type.product_type, score.slug, 'all') as product_type,
    score.slug,
    score.checkpoint,
    score.measured_at,
    score.queries,
    score.gallery,
    score.hits1,
    score.hits5,
    score.hits5_low,
    score.hits5_high,
    score.hits10,
    score.mrr,
    round(score.hits5 - lag(score.hits5) over earlier, 6) as hits5_change,
    round(score.mrr - lag(score.mrr) over earlier, 6) as mrr_change
from {{ ref('stg_retrieval_scores') }} as score
left join {{ ref('stg_product_types') }} as type on type.slug = score.slug
window earlier as (partition by score.slug order by score.measured_at)
order by score.slug nulls first, score.measured_at desc
