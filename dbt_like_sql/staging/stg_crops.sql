-- A canonical photograph cut to its product; not accepted means that the whole was kept.
select
    photo_id,
    item_id,
    slug,
    score,
    coalesce(accepted, false) as accepted,
    reason,
    area_share,
    error is not null as failed
from {{ source('grounded_crops') }}
