"""The commands as a person or a script uses them; a mistake is one sentence and exit code 2."""

import json
import sys
from pathlib import Path

import pytest
from homes import Home

from vlclip_dagster import cli


class Answer:
    """What a command printed and how it ended."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err

    @property
    def data(self):
        assert self.code == 0, self.err
        return json.loads(self.out)

    def is_mistake(self, *told: str, lines: int = 1) -> None:
        """One sentence on stderr for each thing that is wrong, and nothing else."""
        assert self.code == 2, self.out + self.err
        assert self.err.startswith("vlclip: ")
        assert len(self.err.strip().splitlines()) == lines, self.err
        for words in told:
            assert words.lower() in self.err.lower()
        assert "Traceback" not in self.out + self.err


@pytest.fixture
def vlclip(monkeypatch, capfd):
    """Type a command in this process, which saves starting one."""

    def typed(home: Home, *words: str, **variables: str) -> Answer:
        with monkeypatch.context() as patch:
            for name, value in {**home.environment, **variables}.items():
                patch.setenv(name, value)
            patch.setattr(sys, "argv", ["vlclip", *words])
            capfd.readouterr()
            with pytest.raises(SystemExit) as ended:
                cli.main()
        out, err = capfd.readouterr()
        return Answer(int(ended.value.code or 0), out, err)

    return typed


@pytest.fixture
def empty(tmp_path) -> Home:
    return Home(tmp_path / "home")


def feed(folder: Path, text: str | bytes, name: str = "feed.csv") -> Path:
    folder.mkdir(exist_ok=True)
    content = text if isinstance(text, bytes) else text.encode()
    (folder / name).write_bytes(content)
    return folder


class TestAnswers:
    def test_search(self, vlclip, built):
        hits = vlclip(built, "search", "black leather handbag", "-k", "3", "--json").data
        assert len(hits) == 3
        assert {"item_id", "score", "payload", "product_type"} <= set(hits[0])
        assert {"title", "query", "variants"} <= set(hits[0]["payload"])

    def test_search_within_a_type_and_a_price(self, vlclip, built):
        words = ("search", "striped", "--type", "T-shirt", "--max-price", "60", "--json")
        hits = vlclip(built, *words).data
        assert {hit["product_type"] for hit in hits} <= {"t-shirt"}
        assert all(hit["payload"]["price"] <= 60 for hit in hits)

    def test_search_by_photograph(self, vlclip, built, shop):
        photograph = shop.folder / shop.of("sofa")[0]["image_link"]
        hits = vlclip(built, "search", "--image", str(photograph), "--json").data
        assert len(hits) == 5

    def test_search_in_words(self, vlclip, built):
        answer = vlclip(built, "search", "black leather handbag", "-k", "1")
        first, second = answer.out.splitlines()
        assert first.split()[0] == "1"
        assert "shop/" in second

    def test_similar_takes_the_short_id(self, vlclip, built, shop):
        anchor = shop.of("dress")[0]["id"]
        hits = vlclip(built, "similar", anchor, "--json").data
        assert hits == vlclip(built, "similar", f"shop/{anchor}", "--json").data
        assert {hit["product_type"] for hit in hits} == {"dress"}

    def test_report(self, vlclip, built):
        assert vlclip(built, "report", "--json").data["retrieval"][0]["model"] == "full"
        shown = vlclip(built, "report").out
        assert "HITS@5" in shown.upper()
        assert shown.count("The ablation was not run") == 1
        assert str(built.settings.report_folder / "report.html") in shown.replace("\n", "")

    def test_status(self, vlclip, built):
        status = vlclip(built, "status", "--json").data
        assert status["due"] == []
        assert len(status["product_types"]) == 5
        assert {"asset", "slug", "rows", "counts", "seconds"} <= set(status["artifacts"][0])
        assert "everything is up to date" in vlclip(built, "status").out

    def test_run_with_nothing_to_do(self, vlclip, built):
        outcome = vlclip(built, "run", "--json").data
        assert outcome == {"drops": [], "ran": [], "failures": []}
        assert "everything is up to date" in vlclip(built, "run").out

    def test_drop_says_what_to_type_next(self, vlclip, empty, shop):
        told = vlclip(empty, "drop", str(shop.folder)).out
        assert "1 feed" in told
        assert "vlclip run" in told

    def test_sample_writes_a_catalog(self, vlclip, empty, tmp_path):
        out = tmp_path / "catalog"
        assert vlclip(empty, "sample", str(out), "--products", "17").code == 0
        assert (out / "feed.tsv").is_file()
        assert (out / "truth" / "truth.jsonl").is_file()

    def test_the_installed_command_answers_like_the_function(self, built):
        done = built.vlclip("search", "red dress", "-k", "2", "--json")
        assert done.returncode == 0, done.stderr
        assert len(json.loads(done.stdout)) == 2
        done = built.vlclip("similar", "no-such-item")
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.strip().splitlines()) == 1


class TestMistakes:
    def test_a_path_that_is_not_there(self, vlclip, empty, tmp_path):
        vlclip(empty, "drop", str(tmp_path / "nowhere")).is_mistake("nothing at", "nowhere")

    def test_a_folder_without_a_feed(self, vlclip, empty, tmp_path):
        vlclip(empty, "drop", str(tmp_path)).is_mistake("no feed")

    def test_an_empty_feed(self, vlclip, empty, tmp_path):
        vlclip(empty, "drop", str(feed(tmp_path / "shop", ""))).is_mistake("empty", "feed.csv")

    def test_a_feed_of_an_unknown_encoding(self, vlclip, empty, tmp_path):
        content = b"id,title\n1,\xff\xfe\x00\x81\x00bad\n\x00\x01\x02\n"
        answer = vlclip(empty, "drop", str(feed(tmp_path / "shop", content)))
        answer.is_mistake("feed.csv")

    def test_a_feed_without_a_column_that_is_needed(self, vlclip, empty, tmp_path):
        text = "id,title,image_link\n1,Green vase,images/1.jpg\n"
        answer = vlclip(empty, "drop", str(feed(tmp_path / "shop", text)))
        if answer.code == 0:
            outcome = vlclip(empty, "run", "--json")
            assert outcome.code == 1
            (landed,) = json.loads(outcome.out)["drops"]
            assert "product_type" in landed["problem"]
        else:
            answer.is_mistake("product_type")

    def test_an_item_that_is_not_there(self, vlclip, built, shop):
        wrong = shop.rows[0]["id"][:-1] + "X"
        vlclip(built, "similar", wrong).is_mistake("no item", wrong, "did you mean")

    def test_a_type_that_is_not_there(self, vlclip, built):
        answer = vlclip(built, "search", "red", "--type", "dresses")
        answer.is_mistake("no product type", "did you mean dress")

    def test_a_photograph_that_is_not_there_or_is_none(self, vlclip, built, tmp_path):
        missing = tmp_path / "none.jpg"
        vlclip(built, "search", "--image", str(missing)).is_mistake("none.jpg")
        missing.write_bytes(b"not a photograph")
        vlclip(built, "search", "--image", str(missing)).is_mistake("photograph")

    def test_a_search_for_nothing_or_for_two_things(self, vlclip, built):
        vlclip(built, "search").is_mistake("either a text")
        vlclip(built, "search", "red", "--image", "x.jpg").is_mistake("either a text")
        vlclip(built, "search", "  ").is_mistake("empty")

    @pytest.mark.parametrize("words", [("search", "red"), ("similar", "x"), ("report",)])
    def test_asking_before_anything_is_built(self, vlclip, empty, words):
        vlclip(empty, *words).is_mistake("vlclip run")

    def test_a_run_without_a_catalog(self, vlclip, empty):
        vlclip(empty, "run").is_mistake("holds no catalog yet", "vlclip drop")

    def test_a_status_of_nothing_is_no_mistake(self, vlclip, empty):
        assert "vlclip drop" in vlclip(empty, "status").out

    @pytest.mark.parametrize("words", [("status",), ("run",), ("rollback",), ("dev",)])
    def test_a_home_that_can_not_be_made(self, vlclip, empty, tmp_path, monkeypatch, words):
        monkeypatch.delenv("DAGSTER_HOME", raising=False)
        (tmp_path / "file").write_text("")
        variables = {
            "VLCLIP_HOME": str(tmp_path / "file"),
            "DAGSTER_HOME": str(tmp_path / "file/d"),
        }
        vlclip(empty, *words, **variables).is_mistake("file/d can't be made", "VLCLIP_HOME")

    def test_a_sample_where_nothing_can_be_written(self, vlclip, empty, tmp_path):
        (tmp_path / "file").write_text("")
        vlclip(empty, "sample", str(tmp_path / "file" / "catalog")).is_mistake("can't be written")

    def test_a_variable_that_is_not_a_setting(self, vlclip, built):
        answer = vlclip(built, "search", "red", VLCLIP_GROUNDING__TRESHOLD="1")
        answer.is_mistake("VLCLIP_GROUNDING__TRESHOLD", "did you mean VLCLIP_GROUNDING__THRESHOLD")
        vlclip(built, "status", VLCLIP_PROFILE="papers").is_mistake("embedded or paper")

    @pytest.mark.parametrize(
        ("variables", "told"),
        [
            ({"VLCLIP_INDEX__KIND": "server"}, "VLCLIP_INDEX__URL"),
            ({"VLCLIP_REFINEMENT__BACKEND": "openai"}, "OPENAI_API_KEY"),
            ({"VLCLIP_ENCODER__PRETRAINED": "no/such/file.pt"}, "no/such/file.pt"),
            ({"VLCLIP_GROUNDING__KIND": "transformers"}, "grounding-dino-tiny"),
        ],
    )
    def test_what_is_missing_is_named_before_any_work(
        self, vlclip, empty, few_shop, variables, told, monkeypatch
    ):
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        assert vlclip(empty, "drop", str(few_shop.folder)).code == 0
        vlclip(empty, "run", **variables).is_mistake(told)
        assert empty.slugs() == []

    def test_the_paper_profile_names_all_it_lacks(self, vlclip, empty, few_shop, monkeypatch):
        monkeypatch.setenv("HF_HUB_OFFLINE", "1")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        vlclip(empty, "drop", str(few_shop.folder))
        answer = vlclip(empty, "run", VLCLIP_PROFILE="paper")
        lacking = ("laion2b_s34b_b79k", "grounding-dino-tiny", "OPENAI_API_KEY", "6333")
        answer.is_mistake(*lacking, lines=len(lacking))
        assert empty.slugs() == []


def test_a_bad_drop_is_told_and_stops_nothing(vlclip, built, tmp_path):
    """Exit code 1: something was left undone, and what it was is said."""
    home = built.copy(tmp_path / "home")
    text = "id,title,product_type,image_link\n,No id,Vase,1.jpg\n"
    feed(home.settings.inbox / "corner", text)
    answer = vlclip(home, "run", "--json")
    assert answer.code == 1
    outcome = json.loads(answer.out)
    (landed,) = outcome["drops"]
    assert (landed["shop"], landed["products"]) == ("corner", 0)
    assert "row 1" in landed["problem"]
    assert (outcome["ran"], outcome["failures"]) == ([], [])
    assert "was not landed" in vlclip(home, "run").out
