"""The JSON of flows over HTTP: up in a form, however big, and down by its address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from localwaba import Emulator

FIELDS = {"name": "flow.json", "asset_type": "FLOW_JSON"}
FOOTER = {"type": "Footer", "label": "Done", "on-click-action": {"name": "complete", "payload": {}}}


def document(text: str) -> bytes:
    children = [{"type": "TextBody", "text": text}, FOOTER]
    layout = {"type": "SingleColumnLayout", "children": children}
    return json.dumps({"version": "7.3", "screens": [{"id": "A", "terminal": True, "layout": layout}]}).encode()


@pytest.fixture(scope="module")
def graph() -> Iterator[httpx.Client]:
    """A client of one emulator, with its token."""
    with Emulator() as emulator:
        world = httpx.get(f"{emulator.url}/_localwaba/world").json()
        headers = {"authorization": f"Bearer {world['access_token']}", "x-waba": world["waba_id"]}
        with httpx.Client(base_url=emulator.url, headers=headers) as client:
            yield client


def upload(graph: httpx.Client, name: str, content: bytes, file: tuple[str, str]) -> tuple[str, httpx.Response]:
    form = {"name": name, "categories": '["OTHER"]'}
    flow_id = graph.post(f"/v26.0/{graph.headers['x-waba']}/flows", data=form).json()["id"]
    files: Any = {"file": (file[0], content, file[1])}
    return flow_id, graph.post(f"/v26.0/{flow_id}/assets", data=FIELDS, files=files)


@pytest.mark.parametrize("file", [("flow.json", "application/octet-stream"), ("x", "application/json")])
def test_big_json_is_read_as_a_whole(graph: httpx.Client, file: tuple[str, str]) -> None:
    """By its name or by its type; and it comes back as it went, without a token."""
    content = document("x" * 200_000)
    flow_id, answer = upload(graph, file[0], content, file)
    assert answer.json() == {"success": True, "validation_errors": []}
    [asset] = graph.get(f"/v26.0/{flow_id}/assets").json()["data"]
    found = httpx.get(asset["download_url"])
    assert (200, content, "application/json") == (found.status_code, found.content, found.headers["content-type"])


def test_a_big_file_that_is_no_json_is_refused(graph: httpx.Client) -> None:
    """And the reason says how to name it."""
    _, answer = upload(graph, "text", document("x" * 200_000), ("flow.txt", "text/plain"))
    assert answer.status_code == 400
    assert "flow.json" in answer.headers["x-localwaba-why"]


def test_a_changed_address_leads_nowhere(graph: httpx.Client) -> None:
    """403, also after the JSON has changed, and for flows that are not there."""
    flow_id, _ = upload(graph, "changed", document("a"), ("flow.json", "application/json"))
    [asset] = graph.get(f"/v26.0/{flow_id}/assets").json()["data"]
    address = asset["download_url"]
    wrong = [f"{address}0", address.replace(flow_id, "1"), address.partition("?")[0]]
    assert [httpx.get(one).status_code for one in wrong] == [403] * 3
    assert httpx.post(address).status_code == 405
    files: Any = {"file": ("flow.json", document("b"), "application/json")}
    graph.post(f"/v26.0/{flow_id}/assets", data=FIELDS, files=files)
    assert httpx.get(address).status_code == 403
