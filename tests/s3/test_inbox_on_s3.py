"""An inbox on S3: what the sensor lists there, lands, and refuses."""

import json
from types import SimpleNamespace

import dagster as dg
import pytest
from dagster_aws.s3 import S3Resource

from resources.warehouse import WarehouseResource
from vlclip_dagster.catalog.drops import MANIFEST, prepare_drop, write_drop
from vlclip_dagster.catalog.waiting import bucket_entries, waiting_drops
from vlclip_dagster.hashing import content_hash
from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetch import PhotographReader
from vlclip_dagster.images.settings import PhotographSettings
from vlclip_dagster.sensors import catalog_drop_s3_sensor
from vlclip_dagster.storage import place
from vlclip_dagster.warehouse import Warehouse


def product(number, kind="Shirt", **changes):
    row = {"id": f"p{number}", "title": f"Red thing {number}", "product_type": kind}
    return row | {"image_link": f"images/{number}.jpg"} | changes


class Platform:
    """A home on this machine whose inbox is on S3."""

    def __init__(self, folder, bucket, instance):
        self.folder = folder
        self.address = f"{bucket}/shops/inbox"
        self.inbox = place(self.address)
        self.home = folder / "home"
        self.instance = instance
        self.cursor = None

    def write(self, shop, *rows):
        folder = self.folder / "shops" / shop
        (folder / "images").mkdir(parents=True, exist_ok=True)
        for row in rows:
            (folder / row["image_link"]).write_bytes(b"photograph " + row["id"].encode())
        (folder / "products.jsonl").write_text("\n".join(map(json.dumps, rows)))
        return folder

    def drop(self, shop, *rows, **options):
        return write_drop(prepare_drop(self.write(shop, *rows), **options), self.inbox)

    def tick(self):
        resources = {
            "warehouse": WarehouseResource(home=str(self.home), inbox_address=self.address),
            "s3": S3Resource(),
        }
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, resources=resources
        ) as context:
            result = catalog_drop_s3_sensor(context)
        self.cursor = result.cursor
        return SimpleNamespace(
            told=result.skip_reason.skip_message if result.skip_reason else "",
            types=[request.partition_key for request in result.run_requests],
        )

    def landed(self):
        return Warehouse(self.home).table("landed").read().sort("item_id")


@pytest.fixture
def platform(tmp_path, bucket):
    with dg.DagsterInstance.ephemeral() as instance:
        yield Platform(tmp_path, bucket, instance)


def test_a_drop_is_requested_in_one_tick_with_its_photographs(platform):
    folder = platform.drop("shop", product(1), product(2, "Sofa"))
    assert sorted(platform.tick().types) == ["shirt", "sofa"]
    assert platform.tick().told == "nothing new in the inbox"
    row = platform.landed().row(0, named=True)
    assert row["root"] == str(folder)
    assert row["photographs"][0]["sha256"] == content_hash(b"photograph p1")
    assert PhotographReader().read("images/1.jpg", row["root"]).data == b"photograph p1"


def test_a_link_stays_in_the_folder_of_its_drop(platform, bucket):
    folder = platform.drop("shop", product(1))
    other = place(bucket) / "shops" / "inbox" / "x"
    other.write_bytes(b"somebody else's")
    ways_out = ["../../x", "/etc/passwd", "a/../../..", "%2e%2e/%2e%2e/x", "none", str(other)]
    for link in [*ways_out, f"{folder}/../../x", "file:///etc/passwd", ".", ""]:
        with pytest.raises(PhotographError):
            PhotographReader().read(link, str(folder))


def test_a_photograph_that_is_too_large_is_not_read(platform):
    folder = platform.drop("shop", product(1))
    with pytest.raises(PhotographError, match="larger than 3 bytes"):
        PhotographReader(PhotographSettings(max_bytes=3)).read("images/1.jpg", str(folder))


def test_same_content_again_requests_nothing_and_a_change_its_type_alone(platform):
    platform.drop("shop", product(1), product(2, "Sofa"))
    platform.tick()
    platform.drop("shop", product(1), product(2, "Sofa"))
    assert platform.tick().types == []
    platform.drop("shop", product(1), product(2, "Sofa", title="New"), mode="delta")
    assert platform.tick().types == ["sofa"]


def test_what_is_not_there_yet_or_not_what_was_said_is_told(platform):
    folder = platform.drop("shop", product(1))
    manifest = (folder / MANIFEST).read_bytes()
    (folder / MANIFEST).unlink()
    assert "it has no manifest" in platform.tick().told
    whole = (folder / "products.jsonl").read_bytes()
    (folder / "products.jsonl").write_bytes(whole[:-5])
    (folder / MANIFEST).write_bytes(manifest)
    assert "not what its drop's manifest says" in platform.tick().told
    (folder / "products.jsonl").write_bytes(whole)
    assert platform.tick().types == ["shirt"]


def test_a_manifest_cannot_open_files_of_this_machine(platform):
    folder = platform.drop("shop", product(1))
    manifest = json.loads((folder / MANIFEST).read_bytes()) | {"root": "/etc"}
    (folder / MANIFEST).write_text(json.dumps(manifest))
    platform.tick()
    assert platform.landed()["root"].to_list() == [str(folder)]


def test_a_bare_feed_lands_when_nothing_moves(platform, monkeypatch):
    monkeypatch.setattr("vlclip_dagster.inbox.STILL_SECONDS", -1)
    feed = json.dumps(product(1))
    (platform.inbox / "corner" / "products.jsonl").write_text(feed)
    (platform.inbox / "kiosk.jsonl").write_text(feed)
    assert platform.tick().types == ["shirt"]
    assert platform.landed()["shop"].to_list() == ["corner", "kiosk"]


def test_every_page_is_listed(platform, client, monkeypatch):
    monkeypatch.setenv("MOTO_S3_DEFAULT_MAX_KEYS", "4")
    bucket, _, prefix = platform.address.removeprefix("s3://").partition("/")
    names = [f"shop/images/{number}.jpg" for number in range(9)]
    for name in names:
        client.put_object(Bucket=bucket, Key=f"{prefix}/{name}", Body=b"")
    listed = [entry.name for entry in bucket_entries(client, platform.address)]
    assert listed == names
    assert [drop.place for drop in waiting_drops(bucket_entries(client, platform.address))] == [
        "shop"
    ]


def test_a_deleted_drop_changes_nothing_and_one_of_its_name_lands(platform):
    folder = platform.drop("shop", product(1))
    platform.tick()
    for path in list(folder.rglob("*")):
        if path.is_file():
            path.unlink()
    assert platform.tick().told == "nothing new in the inbox"
    assert platform.landed().height == 1
    text = json.dumps(product(1, title="Other")).encode()
    feed = {"path": "products.jsonl", "size": len(text), "sha256": content_hash(text)}
    (folder / "products.jsonl").write_bytes(text)
    stated = {"shop": "shop", "mode": "snapshot", "feeds": [feed]}
    (folder / MANIFEST).write_text(json.dumps(stated))
    assert platform.tick().types == ["shirt"]
    assert platform.landed()["title"].to_list() == ["Other"]


def test_a_bucket_that_is_not_there_is_one_sentence(platform):
    platform.address = "s3://no-such-bucket-anywhere/inbox"
    assert "check the bucket, AWS_ENDPOINT_URL and the credentials" in platform.tick().told
