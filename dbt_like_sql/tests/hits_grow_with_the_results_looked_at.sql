-- A figure outside of its range, or fewer right products among more results.
select checkpoint, slug, hits1, hits5, hits10, mrr
from {{ ref('retrieval_quality') }}
where
    not (0 <= hits1 and hits1 <= hits5 and hits5 <= hits10 and hits10 <= 1)
    or not (hits5_low <= hits5 and hits5 <= hits5_high)
    or mrr not between hits1 and 1
