"""What the marts say of a small warehouse, and what SQL can't reach."""

import polars as pl
import pytest
from tiny_warehouse import HOSTILE, put, retrieval

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.scores import keep_scores
from vlclip_dagster.sql.columns import needed_columns
from vlclip_dagster.sql.database import listing, query, run
from vlclip_dagster.sql.models import TESTS
from vlclip_dagster.sql.parsing import parse_select
from vlclip_dagster.sql.sources import source_columns
from vlclip_dagster.warehouse import Table, Warehouse


def test_catalog_health_counts_every_row_once(warehouse, models):
    health = query(warehouse, models, "select * from catalog_health")
    assert health.drop("product_type", "rejected_because").rows() == [
        # slug, products, rejected, photographs, failed, duplicates, crops, accepted, queries,
        # converged, embedded, points
        ("", 0, 1, 0, 0, 0, 0, None, 0, None, 0, 0),
        ("dress", 3, 1, 3, 1, 1, 1, 1.0, 3, 1.0, 2, 1),
        ("sofa", 1, 0, 1, 0, 0, 1, 0.0, 1, 0.0, 1, 1),
    ]
    assert health["product_type"].to_list() == ["(not in the catalog)", "Dress", "Sofa"]


def test_catalog_health_says_why_rows_were_rejected(warehouse, models):
    more = [(str(n), "dress", ["no price", "no title"]) for n in range(3, 5)]
    put(warehouse, "rejected_products", None, more, "rejected_id", "slug", "reasons")
    health = query(warehouse, models, "select slug, rejected, rejected_because from catalog_health")
    assert health.rows() == [
        ("", 1, "1 × no product type; 1 × no title"),
        ("dress", 3, "3 × no title; 2 × no price"),
        ("sofa", 0, None),
    ]


def test_a_type_that_nobody_sells_any_more_is_no_line_of_the_health(warehouse, models):
    left = [("sofa", "Sofa", "2026-01-01T00:00:00+00:00")]
    put(warehouse, "product_types", None, left, "slug", "product_type", "retired_at")
    health = query(warehouse, models, "select slug from catalog_health")
    assert health["slug"].to_list() == ["", "dress"]


def test_stage_cost_adds_up_the_runs_of_a_week(warehouse, models):
    cost = query(warehouse, models, "select * from stage_cost")
    assert cost.drop("week", "last_finished").rows() == [
        # asset, slug, product_type, runs, computed, kept, failed, seconds, dollars, seconds a row
        ("eval_report", None, "all", 1, 1, 0, 0, 9.0, 0.0, 9.0),
        ("raw_catalog", "dress", "Dress", 2, 3, 0, 0, 1.75, 0.25, 0.5833),
        ("raw_catalog", "sofa", "Sofa", 1, 1, 0, 0, 0.5, None, 0.5),
    ]
    assert cost["week"].unique().dt.weekday().to_list() == [1]
    assert cost["last_finished"].dtype == pl.Datetime("us")
    assert cost["last_finished"].null_count() == 0


def test_retrieval_quality_compares_each_checkpoint_with_the_one_before(warehouse, models):
    columns = "product_type, checkpoint, queries, gallery, hits1, mrr, hits1, mrr_change"
    quality = query(warehouse, models, f"select {columns} from retrieval_quality")
    assert quality.rows() == [
        ("all", "new", 2, 2, 1.0, 1.0, 1.0, 0.25),
        ("all", "old", 2, 2, 0.5, 0.75, 0.5, None),
        ("Dress", "new", 1, 2, 1.0, 1.0, 1.0, 0.5),
        ("Dress", "old", 1, 2, 0.0, 0.5, 0.0, None),
        ("Sofa", "new", 1, 2, 1.0, 1.0, 1.0, 0.0),
        ("Sofa", "old", 1, 2, 1.0, 1.0, 1.0, None),
    ]


def test_a_report_that_is_made_again_replaces_its_scores(warehouse, models):
    def lines() -> list[tuple]:
        text = "select checkpoint, slug, hits1 from retrieval_quality order by all"
        return query(warehouse, models, text).rows()

    before = lines()
    keep_scores(warehouse, "new", retrieval({"dress": 1, "sofa": 1}), "2026-03-01T00:00:00+00:00")
    assert lines() == before
    keep_scores(warehouse, "new", retrieval({"dress": 1}), "2026-03-02T00:00:00+00:00")
    assert lines() == [line for line in before if line[:2] != ("new", "sofa")]
    assert query(warehouse, models, "from scores_are_kept_once").is_empty()


def test_all_models_run_on_an_empty_home_and_on_a_filled_one(warehouse, models, tmp_path):
    for home in (Warehouse(tmp_path / "empty"), warehouse):
        answers = {m.name: query(home, models, f"from {m.name}") for m in models}
        assert [
            name for name in answers if models[name].layer == TESTS and len(answers[name])
        ] == []
    assert all(answers[m.name].width for m in models)


def test_the_tests_find_what_they_look_for(warehouse, models):
    put(
        warehouse,
        "grounded_crops",
        "sofa",
        [("e#0", "e", False)],
        "photo_id",
        "item_id",
        "accepted",
    )
    put(warehouse, "stage_runs", None, [("x", "a", -1.0)], "run_id", "asset", "seconds")
    put(warehouse, "embeddings", "sofa", [("f", "f#0")], "item_id", "canonical_id")
    twice = [("x", "new", "sofa", 0.9, 0.5)]
    put(
        warehouse, "retrieval_scores", None, twice, "score_id", "checkpoint", "slug", "hits1", "mrr"
    )

    def offenders(test: str) -> list[str]:
        return query(warehouse, models, f"select * from {test}").to_series().to_list()

    assert offenders("crops_come_from_readable_photographs") == ["sofa"]
    assert offenders("costs_are_not_negative") == ["a"]
    assert offenders("points_stand_for_embedded_products") == ["sofa"]
    assert offenders("scores_are_kept_once") == ["new"]
    assert offenders("hits_grow_with_the_results_looked_at") == ["new"]


@pytest.mark.parametrize(
    "text",
    [
        "select count(*) from photographs",
        "from catalog_health",
        "select slug, count(*) as n from stg_products group by all having n > 0 order by n",
        "with raw_catalog as (select * from raw_catalog) select count(*) from raw_catalog",
        "select Title from RAW_CATALOG where item_id in (select item_id from embeddings)",
        "select unnest(reasons) from rejected_products union all select 'x'",
        "select columns('s.*') from raw_catalog",
        "select raw_catalog from raw_catalog",
        "select range from range(3)",
    ],
)
def test_questions_that_people_ask_are_answered(warehouse, models, text):
    assert query(warehouse, models, text).height > 0


def test_a_star_is_all_columns_in_their_order_but_pictures_and_vectors(warehouse, models):
    for table, columns in source_columns().items():
        assert query(warehouse, models, f"select * from {table}").columns == list(columns)
    shown = {name for columns in source_columns().values() for name in columns}
    assert not {"rendition", "crop", "image", "text", "colour"} & shown


def test_only_the_columns_that_are_asked_for_are_read(warehouse, models, monkeypatch):
    read: dict[str, set[str]] = {}
    scan = Table.read

    def spy(table, columns=None, ids=None):
        read.setdefault(table.uri.split("/")[-2], set()).update(columns or ["all of them"])
        return scan(table, columns, ids)

    monkeypatch.setattr(Table, "read", spy)
    query(
        warehouse, models, "select p.item_id from stg_photographs p join stg_products using (slug)"
    )
    assert read["raw_catalog"] <= source_columns_of("stg_products", models)
    assert {"raw_title", "description", "attributes"} & read["raw_catalog"] == set()
    assert read["photographs"] == {"photo_id", "item_id", "error", "degenerate"}


def source_columns_of(name, models) -> set[str]:
    needed = needed_columns([(name, models[name].tree)], source_columns())
    return set(needed["raw_catalog"])


def test_what_the_text_does_not_tell_needs_all_columns():
    tables = {"t": ["a", "b"]}

    def needed(text: str):
        return needed_columns([("q", parse_select(text, "q"))], tables)

    assert needed("select a from t") == {"t": ["a"]}
    assert needed("select count(*) from t") == {"t": []}
    assert needed("select columns('.') from t") is None
    assert needed("select t from t") is None
    assert needed("select nope from t") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "select * from catalog_helth",
            "'catalog_helth', which is no table; did you mean catalog_h",
        ),
        ("select * from information_schema.tables", "'information_schema.tables', which is no"),
        ("select * from '/etc/passwd'", "'/etc/passwd', which is no table"),
        ("select * from read_text('/etc/passwd')", "only the warehouse's tables can be read"),
        ("select * from duckdb_settings()", "only the warehouse's tables can be read"),
        ("copy raw_catalog to 'x.csv'", "begins with 'copy'"),
        ("set enable_external_access = true", "begins with 'set'"),
        ("select 1; drop table raw_catalog", "holds 2 statements"),
        ("", "holds 0 statements"),
        ("select nope from raw_catalog", "can't be answered: .*nope"),
        ("select cast(title as integer) from raw_catalog", "can't be answered: "),
        ("select interval 3 day", "cast it to text"),
    ],
)
def test_a_mistake_is_one_sentence(warehouse, models, text, sentence):
    with pytest.raises(VlclipError, match=sentence) as refused:
        query(warehouse, models, text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "text",
    [
        "select * from '/etc/passwd'",
        "select * from read_text('/etc/passwd')",
        "select * from read_csv('/etc/passwd')",
        "select * from glob('/*')",
        "copy (select 1) to '{folder}/x.csv'",
        "attach '{folder}/x.db'",
        "export database '{folder}/x'",
        "install httpfs",
        "load httpfs",
        "set enable_external_access = true",
        "reset lock_configuration",
        "set temp_directory = '{folder}'",
        "select * from hidden",
    ],
)
def test_the_database_itself_is_locked(tmp_path, text):
    """What would be refused even if the parser let it pass."""
    hidden = pl.DataFrame({"a": [1]})
    with pytest.raises(VlclipError, match="can't be answered"):
        run({}, {}, text.format(folder=tmp_path))
    assert list(tmp_path.iterdir()) == []
    assert hidden.height == 1


def test_product_text_is_data(warehouse, models):
    text = "select distinct title from raw_catalog"
    assert query(warehouse, models, text)["title"].to_list() == [HOSTILE]


def test_numbers_are_such_that_json_knows(warehouse, models):
    rows = query(
        warehouse, models, "select sum(products) s, 1.5 d, 2::hugeint h from catalog_health"
    )
    assert rows.schema == {"s": pl.Int64, "d": pl.Float64, "h": pl.Int64}
    assert rows.rows() == [(4, 1.5, 2)]


def test_the_listing_names_all_that_can_be_asked(models):
    names = listing(models)["name"].to_list()
    assert names[:3] == ["catalog_health", "retrieval_quality", "stage_cost"]
    assert set(names) == {*source_columns(), *(model.name for model in models)}


def test_landed_products_are_read_from_their_one_table(warehouse, models):
    put(warehouse, "landed", None, [("e", "sofa"), ("f", "vase")], "item_id", "slug")
    assert query(warehouse, models, "select item_id, slug from landed order by all").rows() == [
        ("e", "sofa"),
        ("f", "vase"),
    ]
