"""The whole way with everything on S3: a drop, a killed build, two machines, a search."""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest
from buckets import SECRET, make_bucket
from killing import KILLED, SIGKILL

TYPES = ("Handbag", "Sofa")
PRODUCTS = 14
QUICK = {
    "VLCLIP_TRAINING__EPOCHS": "1",
    "VLCLIP_TRAINING__BATCH_SIZE": "8",
    "VLCLIP_REPORT__ABLATION": "false",
    "DAGSTER_DISABLE_TELEMETRY": "1",
}
VLCLIP = "from vlclip_dagster.cli import main; main()"


@dataclass
class Machine:
    """One machine that works in a home on S3: its environment and its working folder."""

    home: str
    state: Path
    variables: dict[str, str]

    def run(self, script: str, *words: str) -> subprocess.CompletedProcess[str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("VLCLIP_", "DAGSTER_"))}
        mine = {"VLCLIP_HOME": self.home, "VLCLIP_STATE": str(self.state), **QUICK}
        return subprocess.run(
            [sys.executable, "-c", script, *words],
            env=kept | self.variables | mine,
            capture_output=True,
            text=True,
            timeout=280,
        )

    def vlclip(self, *words: str):
        done = self.run(VLCLIP, *words)
        assert done.returncode == 0, done.stdout + done.stderr
        return json.loads(done.stdout) if "--json" in words else done.stdout


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    """A few products of two types, each a coloured thing on white."""
    folder = tmp_path_factory.mktemp("shops") / "corner"
    (folder / "images").mkdir(parents=True)
    colours = np.random.default_rng(7).integers(0, 200, (PRODUCTS, 3)).tolist()
    rows = []
    for number, colour in enumerate(colours):
        image = np.full((96, 96, 3), 255, np.uint8)
        cv2.rectangle(image, (12 + number, 20), (80, 70 - number), colour, -1)
        cv2.imwrite(str(folder / "images" / f"{number}.png"), image)
        kind = TYPES[number % len(TYPES)]
        rows.append(
            {
                "id": f"p{number}",
                "title": f"{kind} of colour {number}",
                "product_type": kind,
                "image_link": f"images/{number}.png",
            }
        )
    (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def machine(shop, variables, tmp_path_factory) -> Machine:
    """A machine whose build was killed, and then finished by it and another one at once."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        home = f"s3://{make_bucket()}/homes/corner"
    machine = Machine(home, tmp_path_factory.mktemp("machine") / "state", variables)
    told = machine.vlclip("drop", str(shop))
    assert f"{home}/inbox/corner/" in told
    killed = machine.run(KILLED, "training epochs", "1", "run")
    assert killed.returncode == SIGKILL, killed.stdout + killed.stderr
    other = Machine(home, tmp_path_factory.mktemp("machine") / "other", variables)
    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(lambda one: one.vlclip("run", "--json"), (machine, other)))
    assert [outcome["failures"] for outcome in outcomes] == [[], []]
    # What was done before the kill was done for good.
    assert {run["asset"] for outcome in outcomes for run in outcome["ran"]} <= {
        "finetuned_checkpoint",
        "embeddings",
        "qdrant_collections",
        "eval_report",
    }
    return machine


def test_a_second_run_computes_nothing(machine):
    assert machine.vlclip("run", "--json") == {"drops": [], "ran": [], "failures": []}


def test_two_machines_at_once_paid_once(machine):
    lines = machine.vlclip(
        "sql", "select asset, sum(computed) as n from stage_runs group by asset", "--json"
    )
    computed = {line["asset"]: line["n"] for line in lines}
    assert computed["finetuned_checkpoint"] == 1
    for asset in ("raw_catalog", "grounded_crops", "refined_queries", "embeddings"):
        assert computed[asset] == PRODUCTS, asset
    assert computed["qdrant_collections"] == PRODUCTS


def test_another_machine_finds_what_this_one_built(machine, tmp_path):
    other = Machine(machine.home, tmp_path / "state", machine.variables)
    hits = other.vlclip("search", "sofa", "--type", "sofa", "-k", "20", "--json")
    assert len(hits) == PRODUCTS // 2
    assert {hit["item_id"] for hit in hits} == {f"corner/p{n}" for n in range(1, PRODUCTS, 2)}
    assert f"{machine.home}/report/report.html" in other.vlclip("report").replace("\n", "")


def test_the_secret_is_nowhere(machine):
    """Run configurations, events, logs, tables, collections, the report."""
    import boto3

    kept = [path for path in machine.state.rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in kept)
    assert [path for path in kept if SECRET.encode() in path.read_bytes()] == []
    with pytest.MonkeyPatch.context() as patch:
        for name, value in machine.variables.items():
            patch.setenv(name, value)
        bucket = boto3.resource("s3").Bucket(machine.home.split("/")[2])
        objects = [(found.key, found.get()["Body"].read()) for found in bucket.objects.all()]
    assert len(objects) > PRODUCTS
    assert [key for key, body in objects if SECRET.encode() in body] == []
