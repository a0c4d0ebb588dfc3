"""SQL over the warehouse: models, one file each, and questions that a person asks.

What belongs here: reading and judging the models of ``dbt_like_sql``, and running SQL on
in-memory DuckDB that sees the warehouse's tables and nothing else. What does not: writing
tables, which is the assets' business, or Dagster.
"""
