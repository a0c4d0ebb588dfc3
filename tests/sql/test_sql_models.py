"""A model that is not sound is refused by the name of its file, before anything runs."""

import pytest

from vlclip_dagster.errors import VlclipError
from vlclip_dagster.sql.models import LAYERS, MARTS, STAGING, load_models, read_model

GOOD = "select item_id from {{ source('raw_catalog') }}"


@pytest.fixture
def project(tmp_path):
    """Writes models and loads them: ``project(**{"staging/a": "select …"})``."""

    def load(**texts: str):
        for path, text in texts.items():
            file = tmp_path / f"{path}.sql"
            file.parent.mkdir(exist_ok=True)
            file.write_text(text)
        return load_models(tmp_path)

    return load


def test_models_come_after_what_they_read(project):
    models = project(
        **{
            "marts/a": "select * from {{ ref('b') }} union all select * from {{ ref('z') }}",
            "staging/z": GOOD,
            "staging/b": "-- Two lines\n-- of words.\nwith raw_catalog as (select 1) select *\n"
            "from {{ref('z')}}, raw_catalog;",
        }
    )
    assert [model.name for model in models] == ["z", "b", "a"]
    assert [model.name for model in models.upstream(["b"])] == ["z", "b"]
    assert models["a"].refs == ("b", "z")
    assert models["z"].sources == ("raw_catalog",)
    assert models["b"].description == "Two lines of words."
    assert [model.name for model in models.layer(STAGING)] == ["z", "b"]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("select * from {{ ref('goood') }}", "'goood', which is no model; did you mean good?"),
        ("select * from {{ source('raw') }}", "'raw', which is no table of the warehouse"),
        ("select * from {{ ref('bad') }}", "in a circle: .*staging/bad.sql → .*staging/bad.sql"),
        ("select 1; select 2", "holds 2 statements"),
        ("-- nothing yet", "holds 0 statements"),
        ("create table x as select 1", "begins with 'create'"),
        ("delete from {{ source('raw_catalog') }}", "begins with 'delete'"),
        ("copy (select 1) to 'x.csv'", "begins with 'copy'"),
        ("-- x\nattach 'x.db'", "begins with 'attach'"),
        ("with x as (insert into y values (1) returning *) select * from x", r"writes \(INSERT\)"),
        ("select * into x from {{ ref('good') }}", r"writes \(INTO\)"),
        ("select * from read_csv('/etc/passwd')", "only the warehouse's tables can be read"),
        ("select * from '/etc/passwd'", "differ in /etc/passwd"),
        ("select * from raw_catalog", "differ in raw_catalog"),
        ("select 1 as one -- {{ ref('good') }}", "differ in good"),
        ("with good as (select 1) select * from {{ ref('good') }}", "differ in good"),
        ("select {{ config(x=1) }}", "a template that is neither"),
        ("{% if x %} select 1 {% endif %}", "a template that is neither"),
        ("select from where", r"is no SQL: .*line 1, column"),
        ("select 'a", "is no SQL: "),
    ],
)
def test_what_is_not_sound_is_refused_by_name(project, text, sentence):
    with pytest.raises(VlclipError, match=sentence) as refused:
        project(**{"staging/good": GOOD, "staging/bad": text})
    assert "dbt_like_sql/staging/bad.sql" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_circle_is_shown_in_the_direction_of_reading(project):
    with pytest.raises(VlclipError, match=r"a\.sql → .*b\.sql → .*a\.sql|b\.sql → .*a\.sql → .*b"):
        project(
            **{
                "staging/a": "select * from {{ ref('b') }}",
                "marts/b": "select * from {{ ref('a') }}",
            }
        )


@pytest.mark.parametrize("path", ["marts/twice", "marts/raw_catalog"])
def test_a_name_is_taken_once(project, path):
    with pytest.raises(VlclipError, match="rename it"):
        project(**{"staging/twice": GOOD, path: GOOD})


@pytest.mark.parametrize("name", ["Upper.sql", 'a"b.sql', "1.sql", "a-b.sql", ".sql"])
def test_a_file_is_named_like_a_table(name):
    with pytest.raises(VlclipError, match="lower-case letters"):
        read_model(STAGING, name, GOOD)


def test_every_model_of_the_project_says_what_it_is(models):
    assert {model.layer for model in models} == set(LAYERS)
    assert {model.name for model in models.layer(MARTS)} == {
        "catalog_health",
        "retrieval_quality",
        "stage_cost",
    }
    assert [model.file for model in models if not model.description] == []
