"""HAR files: what they hold is told apart, and counts as a journal of the same does."""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from typing import Any

import httpx
import pytest

from localwaba import Emulator, Waba
from localwaba_contracts.coverage import count
from localwaba_contracts.coverage_files import read_source
from localwaba_contracts.har import Exchange, as_journal, exchanges
from localwaba_contracts.journals import Unreadable
from localwaba_contracts.paths import is_graph, operations
from localwaba_contracts.traffic import judge_document

SEND = {"messaging_product": "whatsapp", "to": "16505551234", "type": "text", "text": {"body": "Hello"}}
GRAPH = "https://graph.facebook.com/v26.0"


def har(*entries: dict[str, Any]) -> dict[str, Any]:
    return {"log": {"version": "1.2", "creator": {"name": "x", "version": "1"}, "entries": list(entries)}}


def entry(method: str, url: str, body: Any = None, answer: Any = None, *, status: int = 200, **more: Any) -> Any:
    request: dict[str, Any] = {"method": method, "url": url}
    if body is not None:
        request["postData"] = {"mimeType": "application/json", "text": json.dumps(body)}
    content = {"text": json.dumps(answer)} if answer is not None else {}
    return {"request": request, "response": {"status": status, "content": content | more}}


def told(kind: str, *, status: int = 200, **content: Any) -> Any:
    """A webhook to an app that answered so."""
    message = {"from": "1", "id": "wamid.x", "type": kind, kind: content}
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": "11"}, "messages": [message]}
    body = {
        "object": "whatsapp_business_account",
        "entry": [{"id": "22", "changes": [{"field": "messages", "value": value}]}],
    }
    return entry("POST", "http://localhost:8000/hook", body, status=status)


def counted(*entries: Any) -> dict[str, int]:
    return dict(read_source("x.har", har(*entries)).counts)


class Recorder(httpx.HTTPTransport):
    """Writes a HAR entry for each exchange of an HTTP client."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: list[dict[str, Any]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Passes it on, and notes both sides."""
        response = super().handle_request(request)
        kind, raw = request.headers.get("content-type", ""), response.read()
        sent: dict[str, Any] = {"method": request.method, "url": str(request.url)}
        if not kind.startswith("multipart/") and request.content:
            sent["postData"] = {"mimeType": kind, "text": request.content.decode()}
        content = {"encoding": "base64", "text": base64.b64encode(raw).decode()}
        self.entries.append({"request": sent, "response": {"status": response.status_code, "content": content}})
        return response


def session(waba: Waba, client: httpx.Client) -> None:
    """What an app may do that reads and writes nodes of all kinds."""
    number, account = waba.phone_number_id, waba.waba_id
    ana = waba.user("Ana")
    ana.sends("hi")
    ana.sends_image()
    client.post(f"{number}/messages", json=SEND | {"to": ana.wa_id})
    client.post(f"{number}/messages", data={"messaging_product": "whatsapp", "to": ana.wa_id, "type": "location",
                                            "location": '{"latitude":1,"longitude":2}'})  # fmt: skip
    client.post(f"{number}/messages", json={"messaging_product": "whatsapp", "type": "text"})
    form = {"messaging_product": "whatsapp", "type": "text/plain"}
    media = client.post(f"{number}/media", data=form, files={"file": ("a.txt", b"x", "text/plain")}).json()["id"]
    client.get(client.get(media).json()["url"])
    client.delete(media)
    component = {"type": "BODY", "text": "Your order is on its way."}
    template = {"name": "on_its_way", "language": "en_US", "category": "UTILITY", "components": [component]}
    made = client.post(f"{account}/message_templates", json=template).json()["id"]
    client.get(made)
    client.post(made, json={"category": "MARKETING"})
    client.get(account)
    client.get(number, params={"fields": "id"})
    client.get("me")
    client.get(f"{account}/phone_numbers")
    flow = client.post(f"{account}/flows", json={"name": "f", "categories": ["OTHER"]}).json()["id"]
    client.get(flow, params={"fields": "id"})
    client.delete(flow)
    waba.advance(seconds=30)


def test_a_har_counts_as_the_journal_of_the_same_session() -> None:
    """What an HTTP client recorded, and what the emulator noted of it, exercised the same and is judged alike."""
    with Emulator(clock_mode="frozen", clock_now="2026-01-31T12:00:00Z") as emulator:
        waba = emulator.new_world()
        recorder = Recorder()
        waba.webhook(taking)
        headers = {"Authorization": f"Bearer {waba.access_token}"}
        with httpx.Client(base_url=f"{waba.url}/v26.0/", headers=headers, transport=recorder) as client:
            session(waba, client)
        journal = waba.link.call("GET", "journal")["entries"]
        hooks = waba.link.call("GET", "webhooks")["webhooks"]
    hooked = [entry("POST", "http://app.example/hook", one["body"]) for one in hooks]
    calls, doubtful = as_journal(exchanges(har(*recorder.entries, *hooked)))
    assert doubtful == []
    assert [one["operation"] for one in calls if one["kind"] == "call"] == [
        one["operation"] for one in journal if one["kind"] == "call"
    ]
    assert count(calls) == count(journal)
    for document in (journal, har(*recorder.entries, *hooked)):
        broken = [one for one in judge_document("x", document) if one.problem is not None]
        assert [(one.contract, one.problem and one.problem.path) for one in broken] == [
            ("requests/messages/text", "to")
        ]
    assert {"webhooks:messages/image", "statuses:delivered", "errors:100", "operations:download_media"} <= set(
        count(calls)
    )


async def taking(scope: Any, receive: Any, send: Any) -> None:
    """An app that takes every webhook."""
    query = scope["query_string"].decode()
    challenge = query.partition("hub.challenge=")[2].partition("&")[0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": challenge})


def test_webhooks_count_if_the_app_took_them() -> None:
    """A webhook that was answered with 200 counts, any other answer means that the app did not take it."""
    assert counted(told("text", body="hi")) == {"webhooks:messages/text": 1}
    assert counted(told("text", body="hi", status=500), told("text", body="hi", status=201)) == {}


def test_errors_count() -> None:
    """A refused call counts as its error code, whatever operation it would have been."""
    refused = {"error": {"message": "(#100) Invalid parameter", "code": 100}}
    assert counted(entry("GET", f"{GRAPH}/1234", answer=refused, status=400)) == {"errors:100": 1}


def test_what_is_not_the_platform() -> None:
    """Requests to other hosts, to the control API, and those that nobody answered are no calls."""
    assert counted(
        entry("POST", "https://shop.example/11/messages", SEND, {}),
        entry("POST", "http://127.0.0.1:4080/_localwaba/reset", {}, {}),
        entry("POST", f"{GRAPH}/11/messages", SEND, status=0),
    ) == {}  # fmt: skip
    (verdict,) = judge_document("x.har", har(entry("GET", "https://shop.example/1", answer={"x": 1})))
    assert (verdict.part, verdict.contract, verdict.problem) == ("other", "", None)


HOSTS = {
    "https://graph.facebook.com/11/messages": True,
    "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1": True,
    "http://127.0.0.1:4080/11/messages": True,
    "http://[::1]:4080/11/messages": True,
    "http://localhost:4080/11": True,
    "http://emulator:4080/v26.0/11": True,
    "http://emulator:4080/11": False,
    "https://example.com/v1/charges": False,
    "http://127.0.0.1:4080/_localwaba/world": False,
}


@pytest.mark.parametrize("url", HOSTS)
def test_hosts(url: str) -> None:
    """Meta's hosts and this machine are the platform; other hosts are if the path has a Graph version."""
    assert is_graph(url) is HOSTS[url]


def operation(*entries: Any) -> str:
    """The operation of the last call."""
    return str(as_journal(exchanges(har(*entries)))[0][-1]["operation"])


READ = {
    "get_media": {"messaging_product": "whatsapp", "url": "https://x", "mime_type": "image/png", "sha256": "a" * 64,
                  "file_size": 1, "id": "1"},
    "get_phone_number": {"verified_name": "Shop", "display_phone_number": "+1", "quality_rating": "GREEN", "id": "1"},
    "get_waba": {"id": "1", "name": "Shop", "timezone_id": "1", "message_template_namespace": "ns"},
    "get_template": {"id": "1", "name": "x", "language": "en", "status": "APPROVED", "category": "UTILITY"},
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_a_node_is_known_by_its_answer(name: str) -> None:
    """What an answer has in it tells what was read."""
    assert operation(entry("GET", f"{GRAPH}/1", answer=READ[name])) == name


def test_a_node_is_known_by_what_else_is_done_with_it() -> None:
    """An id is of the kind that another call, or a webhook, uses it as."""
    read = {"id": "11"}
    assert operation(entry("POST", f"{GRAPH}/11/messages", SEND, {}), entry("GET", f"{GRAPH}/11", answer=read)) == (
        "get_phone_number"
    )
    assert operation(told("image", id="33"), entry("DELETE", f"{GRAPH}/33", answer={"success": True})) == "delete_media"
    assert operation(told("text"), entry("GET", f"{GRAPH}/22", answer={"id": "22"})) == "get_waba"
    listed = entry("GET", f"{GRAPH}/22/message_templates", answer={"data": [{"id": "44"}]})
    assert operation(listed, entry("GET", f"{GRAPH}/44", answer={"id": "44"})) == "get_template"


def test_a_node_that_may_be_anything() -> None:
    """Nothing is guessed: such a call counts as no operation, and is told of."""
    found = read_source("x.har", har(entry("GET", f"{GRAPH}/1", answer={"id": "1", "name": "x"})))
    assert found.counts == {}
    assert found.doubtful == ("GET /v26.0/1",)


def test_what_browsers_ask_beforehand() -> None:
    """Whether a page may call at all is asked with OPTIONS: that is no call of the platform, nor a doubtful one."""
    asked = entry("OPTIONS", f"{GRAPH}/11/messages")
    assert as_journal(exchanges(har(asked, entry("POST", f"{GRAPH}/11/messages", SEND, {}))))[1] == []
    (verdict,) = judge_document("x.har", har(asked))
    assert (verdict.part, verdict.problem) == ("other", None)


def test_a_path_that_nobody_knows() -> None:
    """A call of an edge that is no operation is told of, too."""
    assert operations("GET", "/v26.0/1/telepathy") == []
    assert read_source("x.har", har(entry("GET", f"{GRAPH}/1/telepathy", answer={}))).doubtful == (
        "GET /v26.0/1/telepathy",
    )


@pytest.mark.parametrize(
    "broken", [{}, {"request": {}, "response": {}}, {"request": 1, "response": 2}, {"request": {"method": "GET"}}, 7]
)
def test_an_entry_that_is_none(broken: Any) -> None:
    """It is named by its number, in one line."""
    with pytest.raises(Unreadable, match=r"\Aentry 1 of the HAR has no request and response\Z"):
        list(exchanges(har(entry("GET", f"{GRAPH}/me"), broken)))


def test_bodies_that_are_no_json() -> None:
    """Bytes, HTML and nothing at all are read as no body."""
    binary: dict[str, Any] = {"text": base64.b64encode(b"\xff\xd8").decode(), "encoding": "base64"}
    found = list(exchanges(har(entry("GET", f"{GRAPH}/1", **binary), entry("GET", f"{GRAPH}/1", text="<html>"))))
    assert found == [Exchange(number=n, method="GET", url=f"{GRAPH}/1", status=200) for n in range(2)]


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress], ids=["gzip", "zlib"])
def test_bodies_that_are_still_compressed(pack: Any) -> None:
    """What a proxy wrote down as it went over the wire, compressed, is read."""
    text = base64.b64encode(pack(json.dumps({"success": True}).encode())).decode()
    (found,) = exchanges(har(entry("POST", f"{GRAPH}/11/messages", SEND, encoding="base64", text=text)))
    assert (found.answer, found.unread) == ({"success": True}, ())


@pytest.mark.parametrize(
    "content",
    [
        {"size": 40},
        {"size": -1, "_file": "5d41.json"},
        {"text": "GwUAhP8=", "encoding": "base64"},
        {"text": base64.b64encode(gzip.compress(b"{}")[:9]).decode(), "encoding": "base64"},
        {"text": '{"mess'},
    ],
    ids=["left out", "another file", "br", "cut gzip", "cut"],
)
def test_bodies_that_cannot_be_read(content: dict[str, Any]) -> None:
    """A body that is said to be JSON and cannot be read is told of, and not held against anything."""
    asked = entry("POST", f"{GRAPH}/11/messages", SEND, mimeType="application/json; charset=utf-8", **content)
    verdicts = judge_document("x.har", har(asked))
    assert [(one.part, one.problem) for one in verdicts] == [("request", None), ("unread", None)]
    assert verdicts[1].where == "entry 0: POST /v26.0/11/messages: answer"


def test_an_answer_that_never_came() -> None:
    """A call that was broken off, which some write down with -1, counts as nothing, and lacks no body."""
    asked = entry("POST", f"{GRAPH}/11/messages", SEND, status=-1, mimeType="application/json", size=9)
    assert counted(asked) == {}
    assert [one.part for one in judge_document("x.har", har(asked))] == ["request"]


def test_forms_as_browsers_write_them_down() -> None:
    """Browsers add fields to the text of a form, and leave them escaped: the text holds."""
    asked = entry("POST", f"{GRAPH}/11/messages")
    fields = [{"name": "to", "value": "%2B1"}, {"name": "text", "value": "%7B%7D"}]
    asked["request"]["postData"] = {"mimeType": "application/x-www-form-urlencoded", "params": fields}
    (given,) = exchanges(har(asked))
    asked["request"]["postData"]["text"] = "to=%2B1&text=%7B%7D"
    (found,) = exchanges(har(asked))
    assert (given.request, found.request) == ({"to": "%2B1", "text": "%7B%7D"}, {"to": "+1", "text": "{}"})


@pytest.mark.parametrize(
    "url", ["data:image/png;base64,AAAA", "blob:http://127.0.0.1/5d41", "chrome-extension://a/b.js"]
)
def test_what_browsers_load_from_themselves(url: str) -> None:
    """Pictures in pages and the like are no calls, and are not told at full length."""
    assert not is_graph(url)
    (verdict,) = judge_document("x.har", har(entry("GET", url)))
    assert (verdict.part, verdict.where) == ("other", f"entry 0: GET {url.replace('AAAA', '…')}")
