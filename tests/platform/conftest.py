"""Homes that are built once and copied by whoever changes them."""

import json
import os
from pathlib import Path

import pytest
from homes import QUICK, Home, Shop

from vlclip_dagster.catalog.generated import write_sample

# Two of them hold a duplicate in this sample; two runs a type are what takes the time here.
TYPES = {"dress", "handbag", "sofa", "t-shirt", "trousers"}
FEW = {"handbag", "sofa"}


@pytest.fixture(autouse=True)
def _settings_of_nobody(monkeypatch):
    """Whatever the developer has set for himself stays out of the tests."""
    for name in list(os.environ):
        if name.startswith(("VLCLIP_", "DAGSTER_")) and name != "VLCLIP_TEST_CATALOGS":
            monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def sample(tmp_path_factory) -> Path:
    """A generated catalog of seventeen types with its truth."""
    folder = tmp_path_factory.mktemp("generated") / "sample"
    write_sample(folder, products=102, seed=3)
    return folder


@pytest.fixture(scope="session")
def duplicate_of(sample) -> dict[str, str]:
    """Id of each repeated product, with the product whose photograph it repeats."""
    rows = map(json.loads, (sample / "truth" / "truth.jsonl").read_text().splitlines())
    return {row["id"]: row["duplicate_of"] for row in rows if row["duplicate_of"]}


@pytest.fixture(scope="session")
def copied(duplicate_of) -> set[str]:
    """Ids of all products that share a photograph."""
    return set(duplicate_of) | set(duplicate_of.values())


@pytest.fixture(scope="session")
def shop(sample, tmp_path_factory) -> Shop:
    """Five types of the sample as a shop would hand them over."""
    return Shop.of_types(sample, tmp_path_factory.mktemp("shops") / "shop", TYPES)


@pytest.fixture(scope="session")
def first_run(shop, tmp_path_factory):
    """The home of that shop and what its first run did."""
    home = Home(tmp_path_factory.mktemp("homes") / "built")
    home.drop(shop.folder)
    return home, home.run()


@pytest.fixture(scope="session")
def built(first_run) -> Home:
    """The home of that shop, built; copy it before changing anything."""
    return first_run[0]


@pytest.fixture(scope="session")
def few_shop(sample, tmp_path_factory) -> Shop:
    """Two types of the sample."""
    return Shop.of_types(sample, tmp_path_factory.mktemp("shops") / "few", FEW)


@pytest.fixture(scope="session")
def few(few_shop, tmp_path_factory) -> Home:
    """Two types, two epochs, with the ablation; copy it before changing anything."""
    variables = QUICK | {"VLCLIP_TRAINING__EPOCHS": "2", "VLCLIP_REPORT__ABLATION": "true"}
    home = Home(tmp_path_factory.mktemp("homes") / "few", variables)
    home.drop(few_shop.folder)
    # In a process of its own, as the killed builds are: equal threads, equal sums, equal weights.
    done = home.vlclip("run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    return home
