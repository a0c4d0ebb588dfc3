-- How each product type that is sold came through the pipeline, from the feed's rows to the
-- points of its collection. Rejected rows without such a type stand in lines of their own.
with products as (
    select slug, count(*) filter (where not failed) as products
    from {{ ref('stg_products') }}
    group by slug
),

rejected as (
    select coalesce(slug, '') as slug, count(*) as rejected
    from {{ ref('stg_rejected_products') }}
    group by coalesce(slug, '')
),

reasons as (
    select slug, reason, count(*) as times
    from (
        select coalesce(slug, '') as slug, unnest(reasons) as reason
        from {{ ref('stg_rejected_products') }}
    )
    group by slug, reason
),

rejected_because as (
    select slug, string_agg(times || ' × ' || reason, '; ' order by times desc, reason) as reasons
    from reasons
    group by slug
),

photographs as (
    select
        slug,
        count(*) as photographs,
        count(*) filter (where failed) as failed_photographs,
        count(*) filter (where duplicate) as duplicates
    from {{ ref('stg_photographs') }}
    group by slug
),

crops as (
    select
        slug,
        count(*) filter (where not failed) as crops,
        avg(cast(accepted as integer)) filter (where not failed) as crops_accepted_share
    from {{ ref('stg_crops') }}
    group by slug
),

queries as (
    select
        slug,
        count(*) filter (where not failed) as queries,
        avg(cast(converged as integer)) filter (where not failed) as queries_converged_share
    from {{ ref('stg_queries') }}
    group by slug
),

embeddings as (
    select
        slug,
        count(*) filter (where not failed) as embedded,
        count(distinct canonical_id) filter (where not failed) as points
    from {{ ref('stg_embeddings') }}
    group by slug
),

sold as (
    select slug, product_type from {{ ref('stg_product_types') }} where not retired
),

types as (
    select slug, product_type from sold
    union all
    select slug, null as product_type from rejected where slug not in (select slug from sold)
)

select
    types.slug,
    coalesce(types.product_type, '(not in the catalog)') as product_type,
    coalesce(products.products, 0) as products,
    coalesce(rejected.rejected, 0) as rejected,
    rejected_because.reasons as rejected_because,
    coalesce(photographs.photographs, 0) as photographs,
    coalesce(photographs.failed_photographs, 0) as failed_photographs,
    coalesce(photographs.duplicates, 0) as duplicates,
    coalesce(crops.crops, 0) as crops,
    round(crops.crops_accepted_share, 3) as crops_accepted_share,
    coalesce(queries.queries, 0) as queries,
    round(queries.queries_converged_share, 3) as queries_converged_share,
    coalesce(embeddings.embedded, 0) as embedded,
    coalesce(embeddings.points, 0) as points
from types
left join products on products.slug = types.slug
left join rejected on rejected.slug = types.slug
left join rejected_because on rejected_because.slug = types.slug
left join photographs on photographs.slug = types.slug
left join crops on crops.slug = types.slug
left join queries on queries.slug = types.slug
left join embeddings on embeddings.slug = types.slug
order by types.slug
