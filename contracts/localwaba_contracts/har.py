"""HAR files: what browsers, proxies and HTTP clients record, exchange by exchange, and the same as a journal.

A HAR has paths but no operations. Where a path alone does not tell (`GET /v26.0/1234` reads a number, a template or
a medium), the rest of the file does: what else is done with that id, and what the answer has in it.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from localwaba_contracts import registry
from localwaba_contracts.journals import Unreadable
from localwaba_contracts.paths import is_graph, operations, take_apart
from localwaba_contracts.validate import violation

_REFUSED = 400
_TAKEN = 200
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32
_LARGEST = 64_000_000
_MEDIA = ("audio", "document", "image", "sticker", "video")
_MADE_BY = {"media": "media", "phone_numbers": "phone_number", "message_templates": "template", "flows": "flow",
            "groups": "group", "uploads": "upload_session", "preverified_numbers": "preverified_number"}  # fmt: skip
"""Edges whose answers have ids, and of what."""


class Exchange(msgspec.Struct, frozen=True, kw_only=True):
    """A request and its answer; bodies are values, None where there was none or no JSON. `number` counts from 0.

    `status` is 0 if nobody answered. `unread` names what was said to be JSON and is not there to be read.
    """

    number: int
    method: str
    url: str
    request: Any = None
    is_json: bool = True
    status: int = 0
    answer: Any = None
    unread: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The path of its URL."""
        return urlsplit(self.url).path

    @property
    def is_webhook(self) -> bool:
        """Whether it is a webhook to the app, not a call of it."""
        sent = self.request
        return self.method == "POST" and isinstance(sent, dict) and sent.get("object") == "whatsapp_business_account"

    @property
    def is_call(self) -> bool:
        """Whether it is a call of Graph; what browsers ask beforehand, whether they may call, is none."""
        return self.method != "OPTIONS" and not self.is_webhook and is_graph(self.url)


def is_har(document: Any) -> bool:
    """Whether a JSON document is a HAR."""
    log = document.get("log") if isinstance(document, dict) else None
    return isinstance(log, dict) and isinstance(log.get("entries"), list)


def exchanges(document: Mapping[str, Any]) -> Iterator[Exchange]:
    """Everything that a HAR holds, in its order; Unreadable for an entry that is none."""
    for number, entry in enumerate(document["log"]["entries"]):
        try:
            request, response = entry["request"], entry["response"]
            method, url = str(request["method"]).upper(), str(request["url"])
            urlsplit(url)  # not everything can be taken apart
            status = max(int(response["status"]), 0)  # some write -1 where there was no answer
            posted, content = request.get("postData") or {}, response.get("content") or {}
            body, is_json = _posted(posted)
            answer = _json(_text(content))
            unread = [name for name, value, there in (("request", body, posted), ("answer", answer, content))
                      if value is None and status and _is_left_out(there)]  # fmt: skip
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Unreadable(f"entry {number} of the HAR has no request and response") from None
        yield Exchange(
            number=number, method=method, url=url, request=body, is_json=is_json, status=status, answer=answer,
            unread=tuple(unread),
        )  # fmt: skip


def as_journal(found: Iterable[Exchange]) -> tuple[list[dict[str, Any]], list[Exchange]]:
    """Exchanges as entries of a journal, and the calls of which nobody can say what they were.

    Calls have the operation that they were, webhooks count as taken if the app answered 200. Requests to other hosts
    are left out.
    """
    known = list(found)
    kinds = _kinds(known)
    entries: list[dict[str, Any]] = []
    doubtful: list[Exchange] = []
    for one in known:
        if one.is_webhook:
            entries += _delivery(one, len(entries) + 1)
        elif one.is_call and one.status:  # no status: there was no answer
            rows = _narrowed(one, kinds)
            if len(rows) != 1 and one.status < _REFUSED:
                doubtful.append(one)
            entries.append(_call(one, len(entries) + 1, rows[0].operation if len(rows) == 1 else ""))
    return entries, doubtful


def operations_of(found: Sequence[Exchange]) -> dict[int, str]:
    """By number, the operations of calls of which the rest of the file tells what they were."""
    kinds = _kinds(found)
    narrowed = {one.number: _by_kind(one, kinds) for one in found if one.is_call}
    return {number: rows[0].operation for number, rows in narrowed.items() if len(rows) == 1}


def _call(one: Exchange, n: int, operation: str) -> dict[str, Any]:
    return {
        "n": n, "kind": "call", "method": one.method, "path": one.path, "operation": operation,
        "request": one.request if one.is_json else _values(one.request), "status": one.status, "answer": one.answer,
    }  # fmt: skip


def _values(form: Any) -> Any:
    """The fields of a form, with JSON for what stands in them as JSON."""
    if not isinstance(form, dict):
        return form
    return {name: (_json(text) or text) if str(text).startswith("{") else text for name, text in form.items()}


def _delivery(one: Exchange, n: int) -> list[dict[str, Any]]:
    name = f"har {one.number}"
    state = "delivered" if one.status == _TAKEN else "failed"
    data = ({"delivery": {"id": name, "body": one.request}}, {"delivery_id": name, "state": state})
    return [
        {"n": n + place, "kind": "event", "event": event, "data": value}
        for place, (event, value) in enumerate(zip(("DeliveryQueued", "DeliveryAttempted"), data, strict=True))
    ]


# which operation it was


def _narrowed(one: Exchange, kinds: Mapping[str, str]) -> Sequence[registry.RouteRow]:
    """The operations that a call may have been, as few as can be told."""
    rows = _by_kind(one, kinds)
    return rows if len(rows) < 2 or one.status >= _REFUSED else _likeliest(rows, one)


def _by_kind(one: Exchange, kinds: Mapping[str, str]) -> Sequence[registry.RouteRow]:
    """The operations that a call may have been by its path, and by what its node is elsewhere in the file."""
    rows = [row for row in operations(one.method, one.path) if row.node != "callback"]
    rows = [row for row in rows if row.operation != "download_media" or one.answer is None]  # bytes, not JSON
    if len(rows) < 2:
        return rows
    node = take_apart(one.path)[1]
    if node in kinds:
        return [row for row in rows if row.node == kinds[node]] or rows
    if node.startswith("upload:"):
        return [row for row in rows if row.node == "upload_session"]
    return rows


def _likeliest(rows: Sequence[registry.RouteRow], one: Exchange) -> Sequence[registry.RouteRow]:
    """Those whose contracts are kept and know most of the members that are there."""
    best: list[registry.RouteRow] = []
    most = 1  # an id alone says nothing
    for row in rows:
        alike = _alike(row.answer, one.answer) + _alike(row.request, one.request)
        if alike > most:
            best, most = [], alike
        if alike == most:
            best.append(row)
    return best if most > 1 else rows


def _alike(contract: str | None, value: Any) -> int:
    if not contract or not isinstance(value, dict):
        return 0
    if violation(contract, value) is not None:
        return -len(value)
    return len(value.keys() & registry.schema(contract).get("properties", {}).keys())


def _kinds(found: Sequence[Exchange]) -> dict[str, str]:
    """What the ids of a file are: by the edges that they were used with, by what made them, by webhooks."""
    kinds: dict[str, str] = {}
    for one in found:
        if one.is_webhook:
            kinds |= _told(one.request)
        elif one.is_call and one.status < _REFUSED:
            _, node, edge = take_apart(one.path)
            rows = operations(one.method, one.path)
            if edge and len(rows) == 1 and node:
                kinds[node] = rows[0].node
            kinds |= dict.fromkeys(_ids(one.answer), _MADE_BY[edge]) if edge in _MADE_BY else {}
    return kinds


def _ids(answer: Any) -> Iterator[str]:
    """The ids of what an answer is about: one thing, or a list of them."""
    if isinstance(answer, dict):
        listed = answer.get("data")
        for one in listed if isinstance(listed, list) else [answer]:
            if isinstance(one, dict) and isinstance(one.get("id"), str):
                yield one["id"]


def _told(body: Mapping[str, Any]) -> dict[str, str]:
    """The ids that a webhook names."""
    kinds: dict[str, str] = {}
    for entry in _dicts(body.get("entry")):
        kinds[str(entry.get("id", ""))] = "waba"
        for change in _dicts(entry.get("changes")):
            value = change.get("value")
            value = value if isinstance(value, dict) else {}
            metadata = value.get("metadata")
            if isinstance(metadata, dict):
                kinds[str(metadata.get("phone_number_id", ""))] = "phone_number"
            for message in _dicts(value.get("messages")):
                content = message.get(str(message.get("type", "")))
                if message.get("type") in _MEDIA and isinstance(content, dict):
                    kinds[str(content.get("id", ""))] = "media"
    return kinds


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


# what a HAR has


def _posted(data: Mapping[str, Any]) -> tuple[Any, bool]:
    kind = str(data.get("mimeType", ""))
    if kind.startswith("application/x-www-form-urlencoded"):
        pairs = data.get("params") or []  # in which browsers leave what is escaped as it is: the text is better
        given = dict(parse_qsl(str(data.get("text") or "")))
        return given or {one["name"]: one.get("value", "") for one in pairs}, False
    return _json(_text(data)), True


def _is_left_out(content: Mapping[str, Any]) -> bool:
    """Whether a body in JSON is said to be there, and is in another file, left out, or compressed beyond us."""
    there = content.get("text") or content.get("_file") or content.get("_sha1") or (content.get("size") or 0) > 0
    return bool(there) and "json" in str(content.get("mimeType", ""))


def _text(content: Mapping[str, Any]) -> Any:
    """The text of a body, which may be written down as base64, and may still be compressed then."""
    text = content.get("text")
    if content.get("encoding") != "base64" or not isinstance(text, str):
        return text
    try:
        return _unpacked(b64decode(text)).decode("utf-8")
    except (NotBase64, UnicodeDecodeError, zlib.error):
        return None


def _unpacked(raw: bytes) -> bytes:
    if raw[:2] == b"\x1f\x8b" or (raw[:1] == b"\x78" and int.from_bytes(raw[:2]) % 31 == 0):  # gzip, zlib
        return zlib.decompressobj(_GZIP_OR_ZLIB).decompress(raw, _LARGEST)
    return raw


def _json(text: Any) -> Any:
    try:
        return json.loads(text) if isinstance(text, str) and text else None
    except (ValueError, RecursionError):
        return None
