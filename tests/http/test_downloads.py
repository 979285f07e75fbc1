"""Media from the upload to the download, over ASGI: who gets the bytes, which of them, and who gets 404."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.applying import apply
from localwaba.domain.clock import DAY, SECOND
from localwaba.domain.media import expire_media
from localwaba.domain.media_samples import sample
from localwaba.domain.model import Media, Token
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.http.downloads import CHUNK
from localwaba.http.graph import Graph
from localwaba.runtime.blobs import BlobStore

NOW = 1_767_268_800_000
CONTENT = sample("image").content


class Result(NamedTuple):
    """What an ASGI app answered; `chunks` are the sizes in which the body came."""

    status: int
    headers: dict[str, str]
    body: bytes
    chunks: list[int]


class StillHost:
    """A world with a clock that stands still, and a list of the calls that it was told of."""

    def __init__(self, name: str, blobs: BlobStore) -> None:
        self.world: World = new_world(name, 7, NOW)
        self.blobs = blobs
        self.time = NOW
        self.calls: list[tuple[str, int, str, str]] = []

    def now(self) -> int:
        return self.time

    def commit(self, events: Any, ids: Any) -> None:
        for event in events:
            apply(self.world, event)
        self.world.drawn = ids.drawn

    def wake(self) -> None:
        pass

    def note_call(
        self, method: str, path: str, status: int, request: bytes, answer: bytes, why: str, name: str
    ) -> None:
        self.calls.append((method, status, why, name))

    async def shake_hands(self, handshake: Any) -> None:
        return None


class TwoHosts:
    """A server with two worlds; the first is the default."""

    def __init__(self, folder: Path) -> None:
        self.store = BlobStore(folder)
        self.default: Any = StillHost("one", self.store.scope("one"))
        self.other: Any = StillHost("two", self.store.scope("two"))

    def ended(self, token: str) -> str:
        return ""

    def by_token(self, token: str) -> Any:
        for host in (self.default, self.other):
            if token in host.world.tokens:
                return host, host.world.tokens[token]
        return None

    def by_node(self, node: str) -> Any:
        return next((host for host in (self.default, self.other) if node in host.world.nodes), None)


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[TwoHosts]:
    """Two worlds without a medium."""
    made = TwoHosts(tmp_path)
    yield made
    made.store.close()


def ask(hosts: Any, method: str, url: str, headers: dict[str, str] | None = None, body: bytes = b"") -> Result:
    """One request to Graph."""
    parts = urlsplit(url)
    given = {"host": "there:1", "authorization": f"Bearer {hosts.default.world.access_token}"} | (headers or {})
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "query_string": parts.query.encode(),
        "headers": [(key.encode(), value.encode("latin-1")) for key, value in given.items()],
    }
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Graph(hosts)(scope, receive, send))
    start, bodies = sent[0], sent[1:]
    assert [message.get("more_body", False) for message in bodies] == [True] * (len(bodies) - 1) + [False]
    found = {key.decode(): value.decode("latin-1") for key, value in start["headers"]}
    pieces = [message["body"] for message in bodies]
    return Result(start["status"], found, b"".join(pieces), [len(piece) for piece in pieces])


def upload(hosts: Any, content: bytes = CONTENT, mime: str = "image/jpeg") -> str:
    """The id of a medium uploaded to the default world."""
    head = (
        '--b\r\ncontent-disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--b\r\n'
        f'content-disposition: form-data; name="file"; filename="f"\r\ncontent-type: {mime}\r\n\r\n'
    )
    answer = ask(
        hosts,
        "POST",
        f"/v23.0/{hosts.default.world.phone_number_id}/media",
        {"content-type": "multipart/form-data; boundary=b"},
        head.encode() + content + b"\r\n--b--\r\n",
    )
    assert answer.status == 200, answer.body
    return str(json.loads(answer.body)["id"])


def url_of(hosts: Any, media_id: str) -> str:
    """Where a medium can be downloaded."""
    return str(json.loads(ask(hosts, "GET", f"/v23.0/{media_id}").body)["url"])


def test_the_journey_of_a_file(hosts: TwoHosts) -> None:
    """What was uploaded must come back byte for byte, with its type."""
    url = url_of(hosts, upload(hosts))
    assert url.startswith("http://there:1/whatsapp_business/attachments/?mid=")
    answer = ask(hosts, "GET", url)
    assert (answer.status, answer.body) == (200, CONTENT)
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["content-length"] == str(len(CONTENT))
    assert hosts.default.calls[-1] == ("GET", 200, "", "download_media")


def test_the_contract_stands_before_the_operation(hosts: TwoHosts) -> None:
    """An upload without a file must be refused in Meta's words by the whole of Graph."""
    path = f"/v23.0/{hosts.default.world.phone_number_id}/media"
    head = '--b\r\ncontent-disposition: form-data; name="messaging_product"\r\n\r\nwhatsapp\r\n--b--\r\n'
    answer = ask(hosts, "POST", path, {"content-type": "multipart/form-data; boundary=b"}, head.encode())
    error = json.loads(answer.body)["error"]
    assert (answer.status, error["code"], error["message"]) == (400, 100, "(#100) The parameter file is required.")
    assert "error_data" not in error


def test_a_resumable_upload_over_the_wire(hosts: TwoHosts) -> None:
    """Session, bytes by `OAuth` token and query-string parameters must lead to a handle."""
    path = f"/v23.0/{hosts.default.world.app_id}/uploads?file_name=a.png&file_length=6&file_type=image/png"
    session = json.loads(ask(hosts, "POST", path).body)["id"]
    headers = {"authorization": f"OAuth {hosts.default.world.access_token}", "file_offset": "0"}
    assert json.loads(ask(hosts, "GET", f"/v23.0/{session}").body) == {"id": session, "file_offset": 0}
    handle = json.loads(ask(hosts, "POST", f"/v23.0/{session}", headers, b"sample").body)["h"]
    assert handle.startswith("4:YS5wbmc=:aW1hZ2UvcG5n:AR")


def test_a_resumable_upload_of_another_type(hosts: TwoHosts) -> None:
    """A type that cannot be a sample must be refused with the list of those that can."""
    path = f"/v23.0/{hosts.default.world.app_id}/uploads?file_length=6&file_type=image/gif"
    error = json.loads(ask(hosts, "POST", path).body)["error"]
    assert error["code"] == 100
    assert 'got "image/gif"' in error["message"]


def _expired(hosts: TwoHosts, media_id: str) -> None:
    hosts.default.time = NOW + 300 * SECOND


def _deleted(hosts: TwoHosts, media_id: str) -> None:
    assert ask(hosts, "DELETE", f"/v23.0/{media_id}").status == 200


def _ended(hosts: TwoHosts, media_id: str) -> None:
    for event in expire_media(hosts.default.world, media_id, NOW + 30 * DAY):
        apply(hosts.default.world, event)


def _lost(hosts: TwoHosts, media_id: str) -> None:
    hosts.store.close()


@pytest.mark.parametrize("happens", [_expired, _deleted, _ended, _lost])
def test_gone_media_are_not_found(hosts: TwoHosts, happens: Callable[[TwoHosts, str], None]) -> None:
    """A URL that was good must answer 404 once it or its medium has ended, and say why."""
    media_id = upload(hosts)
    url = url_of(hosts, media_id)
    assert ask(hosts, "GET", url).status == 200
    happens(hosts, media_id)
    answer = ask(hosts, "GET", url)
    assert (answer.status, answer.body) == (404, b"")
    assert answer.headers["x-localwaba-why"]
    assert hosts.default.calls[-1][1] == 404


def test_the_last_second_of_a_url(hosts: TwoHosts) -> None:
    """A URL must work for its whole five minutes."""
    url = url_of(hosts, upload(hosts))
    hosts.default.time = NOW + 300 * SECOND - 1
    assert ask(hosts, "GET", url).status == 200


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Bearer EAAunknown", "Basic abc", "\xff"])
def test_strangers_find_nothing(hosts: TwoHosts, authorization: str) -> None:
    """Without a token that is known the URL must answer 404."""
    url = url_of(hosts, upload(hosts))
    assert ask(hosts, "GET", url, {"authorization": authorization}).status == 404


def test_other_worlds_and_lesser_tokens_find_nothing(hosts: TwoHosts) -> None:
    """The token of another world, an expired one or one without the permission must not open a URL."""
    url = url_of(hosts, upload(hosts))
    world = hosts.default.world
    world.tokens["poor"] = Token(id="poor", app_id=world.app_id, user_id="1", scopes=("whatsapp_business_management",))
    world.tokens["old"] = Token(
        id="old", app_id=world.app_id, user_id="1", scopes=("whatsapp_business_messaging",), expires_at=NOW
    )
    for token in (hosts.other.world.access_token, "poor", "old"):
        assert ask(hosts, "GET", url, {"authorization": f"Bearer {token}"}).status == 404


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("hash=ATt", "hash=ATu"),
        ("ext=1", "ext=2"),
        ("mid=", "mid=1"),
        ("&ext=", "&ext=%C2%B2"),
        ("&ext=", "&ext=" + "9" * 5000),
        ("&ext=", "&text="),
        ("hash=", "hash=%ff"),
        ("attachments/?", "attachments/x?"),
        ("attachments/?", "attachments/%0d%0aevil?"),
        ("?mid", "?" + "a&" * 2000 + "mid"),
    ],
)
def test_tampered_urls_find_nothing(hosts: TwoHosts, old: str, new: str) -> None:
    """A URL that was changed in any place must answer 404, never with an error of ours."""
    url = url_of(hosts, upload(hosts))
    assert old in url
    answer = ask(hosts, "GET", url.replace(old, new))
    assert answer.status == 404
    assert not set("\r\n") & set("".join(answer.headers.values()))


def test_head_tells_without_bytes(hosts: TwoHosts) -> None:
    """HEAD must give the headers of the whole file and no body, ranges or not."""
    answer = ask(hosts, "HEAD", url_of(hosts, upload(hosts)), {"range": "bytes=0-1"})
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-length"] == str(len(CONTENT))


def test_other_methods_are_not_allowed(hosts: TwoHosts) -> None:
    """A media URL must only be read."""
    answer = ask(hosts, "POST", url_of(hosts, upload(hosts)))
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize(
    ("asked", "status", "first", "last"),
    [
        ("bytes=0-0", 206, 0, 0),
        ("bytes=2-5", 206, 2, 5),
        ("Bytes = 2-5", 200, 0, 9),
        ("bytes=7-", 206, 7, 9),
        ("bytes=7-99", 206, 7, 9),
        ("bytes=-3", 206, 7, 9),
        ("bytes=-99", 206, 0, 9),
        ("bytes=5-2", 200, 0, 9),
        ("bytes=-", 200, 0, 9),
        ("bytes=0-1,3-4", 200, 0, 9),
        ("bytes=" + "9" * 30 + "-", 200, 0, 9),
        ("lines=1-2", 200, 0, 9),
        ("", 200, 0, 9),
    ],
)
def test_ranges(hosts: TwoHosts, asked: str, status: int, first: int, last: int) -> None:
    """A range must give just those bytes; what is no single range must give the whole."""
    url = url_of(hosts, upload(hosts, b"0123456789", "text/plain"))
    answer = ask(hosts, "GET", url, {"range": asked})
    assert (answer.status, answer.body) == (status, b"0123456789"[first : last + 1])
    expected = f"bytes {first}-{last}/10" if status == 206 else None
    assert answer.headers.get("content-range") == expected
    assert answer.headers["content-length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=10-", "bytes=10-12", "bytes=-0"])
def test_ranges_behind_the_end(hosts: TwoHosts, asked: str) -> None:
    """A range that has no byte of the file must be refused with the file's size."""
    url = url_of(hosts, upload(hosts, b"0123456789", "text/plain"))
    answer = ask(hosts, "GET", url, {"range": asked})
    assert (answer.status, answer.headers["content-range"]) == (416, "bytes */10")


def test_conditional_ranges_give_the_whole(hosts: TwoHosts) -> None:
    """Where there is nothing to compare with, a conditional range must give the whole file."""
    url = url_of(hosts, upload(hosts, b"0123456789", "text/plain"))
    assert ask(hosts, "GET", url, {"range": "bytes=1-2", "if-range": '"x"'}).status == 200


@settings(max_examples=25, deadline=None)
@given(size=st.integers(1, 3 * CHUNK), start=st.integers(0, 3 * CHUNK), length=st.integers(1, 3 * CHUNK))
def test_ranges_are_slices(tmp_path_factory: pytest.TempPathFactory, size: int, start: int, length: int) -> None:
    """Any range of any file must be the slice of its bytes, in chunks of 64 KB at most."""
    hosts = TwoHosts(tmp_path_factory.mktemp("blobs"))
    content = bytes(at * 31 % 251 for at in range(size))
    url = url_of(hosts, upload(hosts, content, "text/plain"))
    answer = ask(hosts, "GET", url, {"range": f"bytes={start}-{start + length - 1}"})
    if start >= size:
        assert answer.status == 416
    else:
        assert answer.body == content[start : start + length]
        assert max(answer.chunks) <= CHUNK
    hosts.store.close()


def test_a_file_in_pieces_is_downloaded_as_one(hosts: TwoHosts) -> None:
    """A medium whose bytes came in several pieces must be given as one file."""
    media = hosts.default.world.media
    media_id = upload(hosts)
    blob = hosts.default.blobs.append(media[media_id].blob, b"more")
    known = media[media_id]
    media[media_id] = Media(
        id=media_id, phone_number_id=known.phone_number_id, mime_type="a/b\r\nx: y", sha256="", size=0, blob=blob
    )
    answer = ask(hosts, "GET", url_of(hosts, media_id))
    assert (answer.body, answer.headers["content-type"]) == (CONTENT + b"more", "a/bx: y")
