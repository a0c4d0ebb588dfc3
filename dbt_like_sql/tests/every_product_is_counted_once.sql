-- A product type whose products the mart lost or counted twice.
with counted as (
    select slug, count(distinct item_id) as stored
    from {{ ref('stg_products') }}
    where not failed
    group by slug
)

select counted.slug, counted.stored, health.products
from counted
left join {{ ref('catalog_health') }} as health on health.slug = counted.slug
where health.products is distinct from counted.stored
