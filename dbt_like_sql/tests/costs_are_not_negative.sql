-- An asset with negative seconds or rows: a clock that was set back, or a broken log.
select asset, slug, rows_computed, rows_failed, seconds
from {{ ref('stage_cost') }}
where seconds < 0 or rows_computed < 0 or rows_failed < 0
