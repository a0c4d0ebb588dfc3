-- An asset with negative seconds, dollars or rows: a clock that was set back, or a broken log.
select asset, slug, rows_computed, rows_failed, seconds, usd
from {{ ref('stage_cost') }}
where seconds < 0 or usd < 0 or rows_computed < 0 or rows_failed < 0
