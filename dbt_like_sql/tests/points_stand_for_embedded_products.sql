-- A product type with more points than embedded products, or more of those than products.
select slug, products, embedded, points
from {{ ref('catalog_health') }}
where points > embedded or embedded > products
