-- How well each checkpoint finds the products of each type, and how much better than the one
-- that was measured before it. A line without a slug is over all product types.
select
    coalesce(type.product_type, score.slug, 'all') as product_type,
    score.slug,
    score.checkpoint,
    score.measured_at,
    score.queries,
    score.gallery,
    round(score.hits1, 4) as hits1,
    round(score.hits5, 4) as hits5,
    round(score.hits5_low, 4) as hits5_low,
    round(score.hits5_high, 4) as hits5_high,
    round(score.hits10, 4) as hits10,
    round(score.mrr, 4) as mrr,
    round(score.hits5 - lag(score.hits5) over earlier, 4) as hits5_change,
    round(score.mrr - lag(score.mrr) over earlier, 4) as mrr_change
from {{ ref('stg_retrieval_scores') }} as score
left join {{ ref('stg_product_types') }} as type on type.slug = score.slug
window earlier as (partition by score.slug order by score.measured_at)
order by score.slug nulls first, score.measured_at desc
