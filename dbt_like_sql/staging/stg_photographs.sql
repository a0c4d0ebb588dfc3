-- A photograph of the catalog, and whether another one stands for it.
select
    photograph.photo_id,
    photograph.item_id,
    photograph.slug,
    photograph.error is not null as failed,
    coalesce(photograph.degenerate, false) as degenerate,
    mapping.canonical_id,
    coalesce(mapping.canonical_id <> photograph.photo_id, false) as duplicate
from {{ source('photographs') }} as photograph
left join {{ source('deduped_images') }} as mapping
    on mapping.photo_id = photograph.photo_id and mapping.slug = photograph.slug
