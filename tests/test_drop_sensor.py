"""Ticks of the drop sensor: what lands, which product types are requested, what a person reads."""

import json
import os
import shutil
from types import SimpleNamespace

import dagster as dg
import lance
import pytest

from resources.warehouse import WarehouseResource
from vlclip_dagster import sensors
from vlclip_dagster.alone import alone
from vlclip_dagster.catalog.drops import MANIFEST, prepare_drop, write_drop
from vlclip_dagster.inbox import STILL_SECONDS
from vlclip_dagster.partitions import product_types
from vlclip_dagster.sensors import catalog_drop_sensor
from vlclip_dagster.stages import StageLog
from vlclip_dagster.warehouse import Counts, Warehouse


def product(number, kind="Shirt", **changes):
    row = {"id": f"p{number}", "title": f"Red thing {number}", "product_type": kind}
    return row | {"image_link": f"{number}.jpg"} | changes


class Platform:
    """A home, an instance and the sensor's memory between ticks."""

    def __init__(self, folder, instance):
        self.folder = folder
        self.inbox = folder / "home" / "inbox"
        self.warehouse = Warehouse(folder / "home")
        self.instance = instance
        self.cursor = None
        self.keys = set()

    def write(self, shop, *rows):
        folder = self.folder / "shops" / shop
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return folder

    def drop(self, shop, *rows, **options):
        return write_drop(prepare_drop(self.write(shop, *rows), **options), self.inbox)

    def tick(self):
        """One tick, as the daemon makes it: the cursor is kept, known run keys start no run."""
        resource = WarehouseResource(home=str(self.folder / "home"))
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources={"warehouse": resource}
        ) as context:
            result = catalog_drop_sensor(context)
        self.cursor = result.cursor
        new = [request for request in result.run_requests if request.run_key not in self.keys]
        self.keys.update(request.run_key for request in new)
        told = result.skip_reason.skip_message if result.skip_reason else ""
        return SimpleNamespace(
            told=told,
            jobs={request.partition_key: request.job_name for request in new},
            types=[request.partition_key for request in new],
        )

    def partitions(self):
        return set(self.instance.get_dynamic_partitions(str(product_types.name)))

    def build(self, *slugs):
        """What a run writes down when it made ``raw_catalog`` from the newest landing."""
        log = StageLog(self.warehouse)
        for slug in slugs:
            version = log.last("landed", slug).output_version
            log.record(
                "raw_catalog",
                slug,
                Counts(computed=1),
                seconds=1.0,
                output_version=version,
                inputs={"landed": version},
            )


@pytest.fixture
def platform(tmp_path):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Platform(tmp_path, instance)


def still(path):
    """Make what was just written look as if nothing moved there for a while."""
    for file in [path, *path.rglob("*")]:
        moment = file.stat().st_mtime - STILL_SECONDS - 1
        os.utime(file, (moment, moment))


def test_one_tick_registers_the_types_and_requests_them(platform):
    platform.drop("shop", product(1), product(2, "Sofa"))
    tick = platform.tick()
    assert tick.jobs == {"shirt": "prepare_products", "sofa": "prepare_products"}
    assert platform.partitions() == {"shirt", "sofa"}
    event = platform.instance.get_latest_materialization_event(dg.AssetKey("landed"))
    assert event.asset_materialization.tags["dagster/data_version"]


def test_only_what_changed_is_requested_and_a_quiet_inbox_is_told(platform):
    platform.drop("shop", product(1), product(2, "Sofa"))
    platform.tick()
    assert (platform.tick().types, platform.tick().told) == ([], "nothing new in the inbox")
    platform.drop("shop", product(1), product(2, "Sofa", title="Green sofa"))
    assert platform.tick().types == ["sofa"]


def test_the_same_drop_twice_requests_nothing(platform):
    for shop in ("shop", "shop"):
        platform.drop(shop, product(1))
    assert platform.tick().types == ["shirt"]
    platform.drop("shop", product(1))
    assert platform.tick().types == []


def test_a_catalog_that_goes_back_to_what_it_was_is_built_again(platform):
    for title in ("Red shirt", "Blue shirt", "Red shirt"):
        platform.drop("shop", product(1, title=title))
        assert platform.tick().types == ["shirt"], title
        titles = platform.warehouse.table("landed").read(["title"])["title"]
        assert titles.to_list() == [title]


def test_two_drops_in_one_second_land_in_their_order(platform):
    platform.drop("shop", product(1, title="Old"), product(2))
    platform.drop("shop", product(1, title="New"), mode="delta")
    assert platform.tick().types == ["shirt"]
    titles = platform.warehouse.table("landed").read(["id", "title"]).sort("id")["title"]
    assert titles.to_list() == ["New", "Red thing 2"]


def test_two_shops_at_once_are_both_requested(platform):
    platform.drop("one", product(1))
    platform.drop("two", product(2, "Sofa"))
    assert sorted(platform.tick().types) == ["shirt", "sofa"]


def test_a_folder_without_a_manifest_waits_until_nothing_moves(platform):
    folder = platform.inbox / "corner"
    shutil.copytree(platform.write("corner", product(1)), folder)
    waiting = platform.tick()
    assert waiting.types == []
    assert "drop corner: it has no manifest and is taken when nothing moved for" in waiting.told
    still(folder)
    assert platform.tick().types == ["shirt"]
    assert platform.tick().told == "nothing new in the inbox"


@pytest.mark.parametrize("damage", ["cut", "other"])
def test_a_feed_that_is_not_what_the_manifest_says_is_told_until_it_is(platform, damage):
    folder = platform.drop("shop", product(1))
    feed = folder / "products.jsonl"
    whole = feed.read_text()
    feed.write_text(whole[:-9] if damage == "cut" else whole.replace("Red", "Rot"))
    for _ in range(2):
        tick = platform.tick()
        assert tick.types == []
        assert tick.told.count("is not what its drop's manifest says") == 1
    feed.write_text(whole)
    assert platform.tick().types == ["shirt"]


def test_a_refused_drop_is_read_once_and_stops_no_other(platform, monkeypatch):
    (platform.drop("bad", product(1)) / "products.jsonl").write_text("{}")
    platform.drop("good", product(2, "Sofa"))
    assert platform.tick().types == ["sofa"]
    monkeypatch.setattr("vlclip_dagster.inbox.read_drop", None)  # reading would fail now
    assert "not what its drop's manifest says" in platform.tick().told


def test_a_replaced_drop_of_the_same_name_lands_and_a_deleted_one_changes_nothing(platform):
    folder = platform.inbox / "corner"
    shutil.copytree(platform.write("corner", product(1), product(2, "Sofa")), folder)
    still(folder)
    assert sorted(platform.tick().types) == ["shirt", "sofa"]
    (folder / "products.jsonl").write_text(json.dumps(product(1, title="Other")))
    still(folder)
    tick = platform.tick()
    assert tick.jobs == {"shirt": "prepare_products", "sofa": "retire_product_type"}
    shutil.rmtree(folder)
    assert platform.tick().told == "nothing new in the inbox"
    assert platform.warehouse.table("landed").count() == 1


def test_a_drop_deleted_before_it_was_seen_is_nobodys_problem(platform):
    shutil.rmtree(platform.drop("shop", product(1)))
    assert platform.tick().told == "nothing new in the inbox"


def test_a_type_that_leaves_is_retired_keeps_its_key_and_comes_back(platform):
    platform.drop("shop", product(1), product(2, "Sofa"))
    platform.tick()
    platform.drop("shop", product(1))
    assert platform.tick().jobs == {"sofa": "retire_product_type"}
    assert "sofa" in platform.partitions()
    platform.drop("shop", product(1), product(2, "Sofa"))
    assert platform.tick().jobs == {"sofa": "prepare_products"}


def test_a_tick_that_died_after_landing_is_made_up_for(platform, monkeypatch):
    platform.drop("shop", product(1))

    def killed(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(sensors, "announce", killed)
        with pytest.raises(KeyboardInterrupt):
            platform.tick()
    assert platform.tick().types == ["shirt"]


def test_a_tick_whose_cursor_was_lost_starts_no_run_twice(platform):
    platform.drop("shop", product(1))
    platform.tick()
    platform.cursor = None
    assert platform.tick().types == []


def test_what_was_built_by_hand_is_not_requested(platform):
    platform.drop("shop", product(1), product(2, "Sofa"))
    resource = WarehouseResource(home=str(platform.folder / "home"))
    from vlclip_dagster.inbox import land_pending

    land_pending(resource.open(), resource.inbox)
    platform.build("shirt")
    assert platform.tick().types == ["sofa"]


def test_a_landing_elsewhere_is_a_reason_to_skip(platform, monkeypatch):
    monkeypatch.setattr("vlclip_dagster.inbox.LOCK_SECONDS", 0.01)
    platform.drop("shop", product(1))
    with alone(str(platform.folder / "home"), "landing"):
        assert "another process is landing" in platform.tick().told
    assert platform.tick().types == ["shirt"]


def test_ten_thousand_types_are_requested_in_turn_and_idle_ticks_stay_cheap(platform, monkeypatch):
    kinds = [f"Kind {number}" for number in range(10_000)]
    platform.drop("mall", *(product(number, kind) for number, kind in enumerate(kinds)))
    monkeypatch.setattr(sensors, "REQUESTS_PER_TICK", 60)
    opened = []
    monkeypatch.setattr(lance, "dataset", _counted(lance.dataset, opened))
    first, landing = platform.tick(), len(opened)
    second = platform.tick()
    assert (len(first.types), len(second.types)) == (60, 60)
    assert not set(first.types) & set(second.types)
    # Tables are written once for all types, not once for each.
    assert landing < 60
    platform.cursor = f"{platform.cursor.partition(' ')[0]} kind-9999"
    opened.clear()
    assert platform.tick().told == "nothing new in the inbox"
    assert len(opened) <= 3


def _counted(function, calls):
    def counting(*args, **kwargs):
        calls.append(args)
        return function(*args, **kwargs)

    return counting


def test_hostile_names_in_an_inbox_do_no_harm(platform):
    platform.drop("shop", product(1))
    for name in (".hidden", "a b\nc", "日本"):
        (platform.inbox / name).mkdir()
        (platform.inbox / name / "feed.csv").write_text("")
    (platform.inbox / "x" / "y").mkdir(parents=True)
    (platform.inbox / "x" / "y" / MANIFEST).write_text("[]")
    (platform.inbox / "loop").symlink_to(platform.inbox)
    for path in platform.inbox.iterdir():
        if not path.is_symlink():
            still(path)
    assert platform.tick().types == ["shirt"]
    assert "x/y" in platform.tick().told
