"""Links are foreign text: nothing outside the drop, nothing private, nothing endless."""

import ipaddress
import os
import socket
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from vlclip_dagster.images import guarded, polite
from vlclip_dagster.images.errors import PhotographError
from vlclip_dagster.images.fetch import PhotographReader, on_network, resolved
from vlclip_dagster.images.settings import PhotographSettings

BODY = b"bytes of a photograph"


def _reader(**settings):
    return PhotographReader(PhotographSettings(max_bytes=1000, **settings))


@pytest.fixture
def drop(tmp_path):
    folder = tmp_path / "drop"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "1.jpg").write_bytes(BODY)
    (folder / "images" / "two words.jpg").write_bytes(BODY)
    (folder / "images" / "50%.jpg").write_bytes(BODY)
    (tmp_path / "secret.txt").write_bytes(b"secret")
    (tmp_path / "drop-secret").mkdir()
    (tmp_path / "drop-secret" / "x.jpg").write_bytes(b"secret")
    return folder


@pytest.fixture
def reader():
    return _reader(timeout_s=2.0)


@pytest.mark.parametrize(
    "link",
    [
        "images/1.jpg",
        "./images/1.jpg",
        " images/1.jpg ",
        "images/../images/1.jpg",
        "images/two words.jpg",
        "images/two%20words.jpg",
        "images/50%.jpg",
        "images/50%25.jpg",
    ],
)
def test_relative_links_are_read(reader, drop, link):
    assert reader.read(link, str(drop)).data == BODY


def test_absolute_and_file_links_inside_the_drop_are_read(reader, drop):
    assert reader.read(str(drop / "images" / "1.jpg"), str(drop)).data == BODY
    assert reader.read(f"file://{drop}/images/two%20words.jpg", str(drop)).data == BODY
    assert reader.read(f"file://localhost{drop}/images/1.jpg", str(drop)).data == BODY


@pytest.mark.parametrize(
    "link",
    [
        "../secret.txt",
        "images/../../secret.txt",
        "%2e%2e/secret.txt",
        "images/%2e%2e/%2e%2e/secret.txt",
        "../drop-secret/x.jpg",
        "/etc/passwd",
        "file:///etc/passwd",
        "file:../secret.txt",
        "file://elsewhere/share/1.jpg",
        "images/1.jpg\0.png",
        "images/1%00.jpg",
        "images/\n1.jpg",
        "",
        "   ",
        "images",
        ".",
        "images/absent.jpg",
        "x" * 5000,
        "data:image/png;base64,AAAA",
        "ftp://example.com/1.jpg",
        "s3://bucket/1.jpg",
        "gopher://127.0.0.1:70/",
        "javascript:alert(1)",
        "http://",
        "http://[::1",
        "//etc/passwd",
    ],
)
def test_other_links_are_refused_with_a_sentence(reader, drop, link):
    with pytest.raises(PhotographError) as refusal:
        reader.read(link, str(drop))
    assert str(refusal.value).endswith(".")


def test_symlinks_are_followed_inside_the_drop_only(reader, drop):
    (drop / "out.jpg").symlink_to(drop.parent / "secret.txt")
    (drop / "folder").symlink_to(drop.parent)
    (drop / "in.jpg").symlink_to(drop / "images" / "1.jpg")
    (drop / "loop.jpg").symlink_to(drop / "loop.jpg")
    assert reader.read("in.jpg", str(drop)).data == BODY
    for link in ("out.jpg", "folder/secret.txt", "loop.jpg"):
        with pytest.raises(PhotographError):
            reader.read(link, str(drop))


def test_only_files_of_a_fair_size_are_read(reader, drop):
    (drop / "big.jpg").write_bytes(b"x" * 1001)
    os.mkfifo(drop / "pipe.jpg")
    for link in ("big.jpg", "pipe.jpg"):
        with pytest.raises(PhotographError):
            reader.read(link, str(drop))


def test_the_network_can_be_switched_off(drop):
    with pytest.raises(PhotographError, match="switched off"):
        _reader(allow_network=False).read("https://example.com/1.jpg", str(drop))


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "198.18.0.1",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2001:0:1::1",
        "2001:db8::1",
    ],
)
def test_addresses_that_are_not_public(address):
    assert not guarded.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["93.184.216.34", "8.8.8.8", "2606:2800:220:1::1"])
def test_addresses_that_are_public(address):
    assert guarded.is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "2130706433", "0x7f.1", "169.254.169.254"]
)
def test_private_hosts_are_refused_before_any_connection(reader, drop, host, monkeypatch):
    def connected(*_args, **_kwargs):
        raise AssertionError("a connection was made")

    monkeypatch.setattr(socket.socket, "connect", connected)
    with pytest.raises(PhotographError):
        reader.read(f"http://{host}/1.jpg", str(drop))


@pytest.fixture
def insider():
    return _reader(timeout_s=0.6, private_hosts="127.0.0.1", retries=0)


def test_photographs_come_over_http(insider, shop, drop, behind):
    assert insider.read(f"{shop}/image", str(drop)).data == BODY
    assert insider.read(f"{shop}/moved", str(drop)).data == BODY
    assert insider.read("image", f"{shop}/feed.tsv").data == BODY
    assert {headers["Host"] for _, headers in behind.seen} == {shop.removeprefix("http://")}


def test_compressed_transfer_is_not_unfolded(insider, shop, drop):
    assert insider.read(f"{shop}/zipped", str(drop)).data.startswith(b"\x1f\x8b")


@pytest.mark.parametrize("page", ["gone", "inward", "local", "file", "circle", "big", "endless"])
def test_faulty_servers_are_told_in_a_sentence(insider, shop, drop, page):
    with pytest.raises(PhotographError) as refusal:
        insider.read(f"{shop}/{page}", str(drop))
    assert str(refusal.value).endswith(".")


@pytest.mark.parametrize("page", ["trickle", "silent"])
def test_slow_servers_meet_the_deadline(insider, shop, drop, page):
    started = time.monotonic()
    with pytest.raises(PhotographError):
        insider.read(f"{shop}/{page}", str(drop))
    assert time.monotonic() - started < 2


def test_files_are_never_read_for_a_drop_on_the_network(insider, shop):
    with pytest.raises(PhotographError):
        insider.read("file:///etc/passwd", f"{shop}/feed.tsv")


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked(
    insider, shop, drop, monkeypatch
):
    port = int(shop.rpartition(":")[2])
    answers = iter(["93.184.216.34", "127.0.0.1"])
    asked, connected = [], []

    def resolve(host, *_args, **_kwargs):
        if host == "rebinding.example":
            asked.append(host)
            host = next(answers)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, port))]

    def connect(_socket, address):
        connected.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(PhotographError):
        insider.read(f"http://rebinding.example:{port}/image", str(drop))
    assert asked == ["rebinding.example"]
    assert connected == ["93.184.216.34"]


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(polite, "FIRST_WAIT_S", 0.01)
    return _reader(timeout_s=2.0, private_hosts="127.0.0.1", retries=2)


@pytest.mark.parametrize("page", ["flaky", "cut"])
def test_passing_failures_are_tried_again(patient, shop, drop, behind, page):
    behind.faults = 2
    assert patient.read(f"{shop}/{page}", str(drop)).data == BODY
    assert len(behind.seen) == 3


def test_what_keeps_failing_is_told_and_the_next_photograph_still_tried(
    patient, shop, drop, behind
):
    behind.faults = 3
    with pytest.raises(PhotographError, match="503"):
        patient.read(f"{shop}/flaky", str(drop))
    assert patient.read(f"{shop}/image", str(drop)).data == BODY


def test_a_long_retry_after_is_left_for_another_run(patient, shop, drop, behind):
    with pytest.raises(PhotographError, match="429"):
        patient.read(f"{shop}/later", str(drop))
    assert len(behind.seen) == 1


def test_what_is_gone_for_good_is_asked_for_once(patient, shop, drop, behind):
    with pytest.raises(PhotographError, match="404"):
        patient.read(f"{shop}/gone", str(drop))
    assert len(behind.seen) == 1


def test_a_host_that_always_fails_is_left_alone(patient, shop, drop, behind):
    for _ in range(polite.PATIENCE + 5):
        with pytest.raises(PhotographError):
            patient.read(f"{shop}/later", str(drop))
    assert len(behind.seen) == polite.PATIENCE
    with pytest.raises(PhotographError, match="next run"):
        patient.read(f"{shop}/image", str(drop))


def test_a_host_gets_few_requests_at_once_and_keeps_its_connections(shop, drop, behind):
    reader = _reader(private_hosts="127.0.0.1", per_host=3)
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda _: reader.read(f"{shop}/busy", str(drop)).data, range(24)))
    assert got == [BODY] * 24
    assert 2 <= behind.at_once[1] <= 3


def test_waiting_for_a_place_is_not_the_servers_time(shop, drop, behind):
    reader = _reader(timeout_s=0.15, private_hosts="127.0.0.1", per_host=1, retries=0)
    with ThreadPoolExecutor(12) as pool:
        got = list(pool.map(lambda _: reader.read(f"{shop}/busy", str(drop)).data, range(24)))
    assert got == [BODY] * 24


def test_an_unchanged_photograph_is_not_sent_again(insider, shop, drop, behind):
    first = insider.read(f"{shop}/versioned", str(drop))
    assert (first.data, bool(first.version.etag)) == (BODY, True)
    again = insider.read(f"{shop}/versioned", str(drop), first.version)
    assert again == (None, first.version)
    assert behind.seen[-1][1]["If-Modified-Since"] == first.version.last_modified
    behind.body = b"another"
    assert insider.read(f"{shop}/versioned", str(drop), first.version).data == b"another"


def test_a_link_without_its_scheme_leads_to_the_network():
    link = "//cdn.shop.example/1.jpg"
    assert resolved(link, "/drops/spring") == f"https:{link}"
    assert on_network(link, "s3://inbox/spring")
    assert resolved(link, "http://shop.example/feed") == f"http:{link}"
    assert resolved("//etc/passwd", "/drops/spring") == "//etc/passwd"


def test_a_host_that_nobody_knows_is_told_of(drop, monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(PhotographError, match="host is not known"):
        _reader().read("http://shop.invalid/1.jpg", str(drop))


@pytest.fixture
def buckets(shop, behind, monkeypatch):
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", shop)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return _reader(s3_buckets="bucket, other", retries=0)


def test_photographs_come_from_named_buckets(buckets, drop, behind):
    found = buckets.read("s3://bucket/spring/a b.jpg", str(drop))
    assert found.data == BODY
    assert buckets.read("s3://bucket/spring/a b.jpg", str(drop), found.version).data is None
    assert behind.seen[-1][0] == "/bucket/spring/a%20b.jpg"


@pytest.mark.parametrize(
    ("link", "reason"),
    [
        ("s3://secrets/1.jpg", "not among those"),
        ("s3://bucket", "not among those"),
        ("s3:///1.jpg", "not among those"),
        ("s3://bucket@evil/1.jpg", "not among those"),
        ("s3://bucket/absent.jpg", "NoSuchKey"),
    ],
)
def test_other_objects_are_refused_with_a_sentence(buckets, drop, link, reason):
    with pytest.raises(PhotographError, match=reason):
        buckets.read(link, str(drop))


def test_objects_of_unfair_size_are_not_read(buckets, drop, behind):
    behind.body = b"x" * 1001
    with pytest.raises(PhotographError, match="larger than"):
        buckets.read("s3://bucket/1.jpg", str(drop))
