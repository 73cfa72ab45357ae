"""What an object store or its client refuses is said readably, with the remedy."""

import subprocess
import sys
from pathlib import Path

import pytest
import s3fs

from stores.errors import MissingArtifact, ReadOnlyStore, StoreError
from stores.location import Location
from tests.object_server import ObjectServer, error_body

SOURCE = Path(__file__).parents[2]


def impatient_place(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> Location:
    """A place whose client is its own, asks once, and takes its settings from the variables as they are now."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    client = s3fs.S3FileSystem(skip_instance_cache=True, use_listings_cache=False, max_concurrency=1)
    monkeypatch.setattr(client, "retries", 1)
    return Location(client, Location.parse(server.root).path)


@pytest.mark.parametrize(
    ("status", "code", "remedy"),
    [
        (403, "AccessDenied", "s3:ListBucket"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY"),
        (400, "ExpiredToken", "renew"),
        (503, "SlowDown", "overloaded"),
        (500, "InternalError", "check the network"),
        (418, "SomethingNew", "check the network"),
    ],
)
def test_refusals_are_readable(
    object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch, status: int, code: str, remedy: str
) -> None:
    place = impatient_place(object_server, monkeypatch)
    place.child("x").create_bytes(b"1")
    object_server.refuse = (lambda environ: True, status, error_body(code))
    for action in (
        place.child("x").read_bytes,
        place.list_names,
        place.file_sizes_bytes,
        lambda: place.child("y").create_bytes(b"1"),
        lambda: place.child("y").replace_bytes(b"1"),
    ):
        with pytest.raises(StoreError, match=code) as caught:
            action()
        assert remedy in caught.value.remedy
        assert caught.value.where.startswith(place.url)
    assert isinstance(caught.value, ReadOnlyStore) == (code == "AccessDenied")


def test_a_bucket_that_does_not_exist_is_no_empty_store(object_server: ObjectServer) -> None:
    place = Location.parse("s3://no-such-bucket/run")
    for action in (place.child("x").read_bytes, place.list_names, lambda: place.child("x").create_bytes(b"1")):
        with pytest.raises(StoreError, match="make the bucket") as caught:
            action()
        assert not isinstance(caught.value, MissingArtifact)


@pytest.mark.parametrize(
    ("change", "found", "remedy"),
    [
        ({"AWS_ENDPOINT_URL": "http://127.0.0.1:9"}, "EndpointConnectionError", "check the network"),
        ({"AWS_ACCESS_KEY_ID": ""}, "NoCredentialsError", "AWS_ACCESS_KEY_ID"),
        ({"AWS_PROFILE": "nobody"}, "ProfileNotFound", "correct the client's settings"),
    ],
)
def test_a_client_that_cannot_even_ask_says_why(
    object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch, change: dict[str, str], found: str, remedy: str
) -> None:
    for name, value in change.items():
        if value:
            monkeypatch.setenv(name, value)
        else:
            monkeypatch.delenv(name)
    place = impatient_place(object_server, monkeypatch)
    for action in (place.child("x").read_bytes, lambda: place.child("x").create_bytes(b"1")):
        with pytest.raises(StoreError, match=found) as caught:
            action()
        assert remedy in caught.value.remedy


def test_a_local_store_imports_no_client(tmp_path: Path) -> None:
    code = (
        "import sys; from stores.artifacts import ArtifactStore\n"
        "try: ArtifactStore(sys.argv[1]).root.child('x').read_bytes()\n"
        "except Exception as error: print(type(error).__name__)\n"
        "print(sorted({'fsspec', 's3fs', 'botocore', 'aiohttp'} & set(sys.modules)))"
    )
    child = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=SOURCE, capture_output=True, text=True)
    assert child.stdout.split("\n")[:2] == ["MissingArtifact", "[]"], child.stderr
