-- A product type with a share below none or above all.
select slug, crops_accepted_share, queries_converged_share
from {{ ref('catalog_health') }}
where
    crops_accepted_share not between 0 and 1
    or queries_converged_share not between 0 and 1
