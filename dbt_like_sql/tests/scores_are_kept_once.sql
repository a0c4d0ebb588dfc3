-- A checkpoint with more than one line for a product type: a report that was counted twice.
select checkpoint, slug, count(*) as lines
from {{ ref('retrieval_quality') }}
group by checkpoint, slug
having count(*) > 1
