"""The JSON of flows by signed URLs, which need no token."""

from __future__ import annotations

from localwaba.domain.errors import Refused
from localwaba.domain.flow_urls import ASSET_PATH, is_genuine_asset
from localwaba.domain.model import Flow
from localwaba.http.bodies import Scope, Send
from localwaba.http.headers import Header
from localwaba.http.ports import Host, Hosts
from localwaba.http.requests import parse_query

OPERATION = "download_flow_json"


async def download(hosts: Hosts, scope: Scope, send: Send) -> None:
    """Answers the address of a flow's asset with its JSON, a wrong or old one with 403, as the content network does."""
    method: str = scope["method"]
    host, flow = _find(hosts, scope)
    if method not in ("GET", "HEAD"):
        status, why, body = 405, "only GET and HEAD", b""
    elif flow is None:
        status, why, body = 403, "ask GET /{flow_id}/assets for a new address, and use it unchanged", b""
    else:
        status, why, body = 200, "", flow.json
    headers: list[Header] = [(b"content-length", b"%d" % len(body)), (b"content-type", b"application/json")]
    if why:
        headers.append((b"x-localwaba-why", why.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else body})
    host.note_call(method, scope["path"], status, b"", b"", why, OPERATION)
    host.wake()


def _find(hosts: Hosts, scope: Scope) -> tuple[Host, Flow | None]:
    """The flow that an address was made for, with its world; no flow if the address is not genuine."""
    flow_id = scope["path"].removeprefix(ASSET_PATH).strip("/")
    host = hosts.by_node(flow_id)
    if host is None:
        return hosts.default, None
    try:
        query = parse_query(scope["query_string"])
    except Refused:
        return host, None
    flow = host.world.flows.get(flow_id)
    if flow is None or not is_genuine_asset(host.world, flow, query.get("oe", ""), query.get("oh", ""), host.now()):
        return host, None
    return host, flow
