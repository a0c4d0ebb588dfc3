-- A product type with more crops than photographs that could be read and stand for themselves.
select slug, crops, photographs, failed_photographs, duplicates
from {{ ref('catalog_health') }}
where crops > photographs - failed_photographs - duplicates
