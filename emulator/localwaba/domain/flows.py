"""WhatsApp Flows: their life from draft to retirement, their names, what keeps them from being published or sent.

Sources: Meta's flows API, lifecycle and error codes pages.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec
from msgspec.structs import replace

from localwaba.domain.clock import DAY, HOUR
from localwaba.domain.errors import Refusal, Refused, invalid_parameter, refuse
from localwaba.domain.events import Event, Put, Removed
from localwaba.domain.flow_json import MOST_BYTES, judge
from localwaba.domain.flow_shape import FROZEN, VERSIONS
from localwaba.domain.model import Flow
from localwaba.domain.told import FlowChanged
from localwaba.domain.traffic import Message
from localwaba.domain.world import World

STATUSES = ("DRAFT", "PUBLISHED", "DEPRECATED", "BLOCKED", "THROTTLED")
PREVIEW_LIFE = 30 * DAY
THROTTLED_SENDS = 10
"""Messages with a throttled flow that leave in an hour."""
_NO_ERRORS: Final = b"[]"


class _Interactive(msgspec.Struct):
    """The part of a sent message that names its flow."""

    action: dict[str, Any] = {}


class _Sent(msgspec.Struct):
    """A sent message, as far as flows need it."""

    interactive: _Interactive = msgspec.field(default_factory=_Interactive)


def create(flow: Flow) -> list[Event]:
    """A flow is there, and told of."""
    return [Put(at=flow.created_at, thing=flow), _told(flow, flow.status, flow.created_at)]


def change_status(flow: Flow, status: str, now: int) -> list[Event]:
    """A flow changes its status, and that is told."""
    changed = replace(flow, status=status, updated_at=now)
    return [Put(at=now, thing=changed), _told(flow, status, now, before=flow.status)]


def _told(flow: Flow, status: str, now: int, before: str = "") -> FlowChanged:
    return FlowChanged(at=now, flow_id=flow.id, waba_id=flow.waba_id, name=flow.name, status=status, before=before)


def find_flow(world: World, waba_id: str, flow_id: str = "", name: str = "") -> Flow | None:
    """The flow of an account by its id, or by its name."""
    if flow_id:
        flow = world.flows.get(flow_id)
        return flow if flow is not None and flow.waba_id == waba_id else None
    return next((flow for flow in world.flows.values() if flow.waba_id == waba_id and flow.name == name), None)


def check_name(world: World, waba_id: str, name: str, own_id: str = "") -> None:
    """Refuses (100) a name that another flow of the account has."""
    other = find_flow(world, waba_id, name=name)
    if other is not None and other.id != own_id:
        raise refuse(
            100,
            values={"variant": "flow_name_not_unique"},
            rule="flow.name",
            why=f"flow {other.id} of this account is called {name!r}",
            fix="choose another name, or use that flow",
        )


def check_endpoint(flow: Flow, endpoint_uri: str) -> None:
    """Refuses an endpoint that is no address (100), or that belongs into the JSON of an old flow (139001)."""
    if not endpoint_uri.lower().startswith(("http://", "https://")) or len(endpoint_uri.split()) != 1:
        values = {"variant": "flow_endpoint_uri"}
        raise refuse(100, values=values, rule="flow.endpoint_uri", why=f"{endpoint_uri!r} is no web address")
    if flow.json_version == VERSIONS[0]:
        why = "before version 3.0 the endpoint is named in the flow's JSON, as data_channel_uri"
        raise refuse(139001, "Specify Endpoint Uri in Flow JSON", rule="flow.endpoint_uri", why=why)


def check_editable(world: World, flow: Flow) -> None:
    """Refuses (139001) to change what is no draft; a knob lets published flows be changed, too."""
    if flow.status != "DRAFT" and (flow.status != "PUBLISHED" or world.policy.published_flow_update == "refuse"):
        raise refuse(
            139001,
            "Flow can't be updated",
            rule="flow.status",
            why=f"flow {flow.id} is {flow.status}; only a DRAFT can be changed",
            fix="create another flow with clone_flow_id, change that and publish it",
        )


def check_size(size: int) -> None:
    """Refuses (100) JSON of more than 10 MB; `size` is in bytes."""
    if size > MOST_BYTES:
        raise invalid_parameter(
            rule="flow.size",
            why=f"a flow's JSON has at most 10 MB; this has {size} bytes",
        )


def with_json(flow: Flow, raw: bytes, now: int) -> Flow:
    """A flow with new JSON, judged; refused (100) beyond 10 MB."""
    check_size(len(raw))
    found = judge(raw)
    return replace(
        flow,
        json=raw,
        errors=msgspec.json.encode(found.errors) if found.errors else _NO_ERRORS,
        json_version=found.version,
        data_api_version=found.data_api_version,
        updated_at=now,
    )


def errors_of(flow: Flow) -> list[dict[str, Any]]:
    """What validation found wrong with a flow's JSON."""
    found: list[dict[str, Any]] = msgspec.json.decode(flow.errors)
    return found


def lacks_endpoint(flow: Flow) -> bool:
    """Whether a flow talks to an endpoint that nobody has named."""
    return bool(flow.data_api_version) and not flow.endpoint_uri and flow.json_version != VERSIONS[0]


def obstacle(world: World, flow: Flow) -> Refusal | None:
    """What keeps a flow from being published, if anything does (139002; 139000 for a business without verification)."""
    business = world.businesses.get(world.wabas[flow.waba_id].business_id)
    if flow.status != "DRAFT":
        why = f"flow {flow.id} is {flow.status}; only a DRAFT can be published"
        return _unpublishable("Publishing Flow in invalid state", why, "create another flow with clone_flow_id")
    if not flow.json or flow.errors != _NO_ERRORS:
        first = errors_of(flow)[0]["message"] if flow.json else "it has no JSON yet"
        fix = "upload right JSON with POST /{flow_id}/assets"
        return _unpublishable("Publishing Flow with validation errors", f"flow {flow.id}: {first}", fix)
    if flow.json_version in FROZEN:
        why = f"JSON version {flow.json_version} is frozen: its flows can be sent, but no new ones published"
        details = "Versions in Flow JSON file are not available for publishing"
        return _unpublishable(details, why, f"move the flow to version {VERSIONS[-1]}")
    if lacks_endpoint(flow):
        details = "Publishing without specifying endpoint_uri is forbidden"
        why = f"flow {flow.id} has a data_api_version, so it needs an endpoint"
        return _unpublishable(details, why, "set endpoint_uri with POST /{flow_id}")
    if not any(number.waba_id == flow.waba_id for number in world.numbers.values()):
        details = "No Phone Number connected to WhatsApp Business Account"
        return _unpublishable(details, "the account has no phone number", "add one with POST /{waba_id}/phone_numbers")
    if business is not None and business.verification_status != "verified":
        return Refusal(code=139000, rule="flow.integrity", why="the business is not verified")
    return None


def _unpublishable(details: str, why: str, fix: str) -> Refusal:
    return Refusal(code=139002, details=details, rule="flow.publish", why=why, fix=fix)


def publish(world: World, flow: Flow, now: int) -> list[Event]:
    """A draft becomes PUBLISHED, for good; refused with 139002."""
    found = obstacle(world, flow)
    if found is not None:
        raise Refused(found)
    return change_status(flow, "PUBLISHED", now)


def deprecate(flow: Flow, now: int) -> list[Event]:
    """A flow that was published is retired, for good; refused with 139003."""
    if flow.status == "DEPRECATED":
        raise refuse(139003, "Flow is already deprecated", rule="flow.status", why=f"flow {flow.id} is DEPRECATED")
    if flow.status == "DRAFT":
        why, fix = f"flow {flow.id} is a DRAFT", "delete it"
        raise refuse(139003, "Can't deprecate unpublished flow", rule="flow.status", why=why, fix=fix)
    return change_status(flow, "DEPRECATED", now)


def delete(flow: Flow, now: int) -> list[Event]:
    """A draft is gone; anything else is refused with 139004."""
    if flow.status != "DRAFT":
        why, fix = f"flow {flow.id} is {flow.status}; only a DRAFT can be deleted", "deprecate it"
        raise refuse(139004, "Can't delete published Flow", rule="flow.status", why=why, fix=fix)
    return [Removed(at=now, kind="Flow", id=flow.id)]


def check_sendable(world: World, flow: Flow, now: int, *, draft: bool) -> None:
    """Refuses to send a flow whose status does not go with the mode (131009), is BLOCKED or THROTTLED (13206x)."""
    if flow.status == "BLOCKED":
        raise refuse(132068, rule="flow.status", why=f"flow {flow.id} is BLOCKED: its endpoint is unhealthy")
    if flow.status == "THROTTLED" and not draft:
        if sent_last_hour(world, flow, now) >= THROTTLED_SENDS:
            raise refuse(132069, rule="flow.status", why=f"flow {flow.id} is THROTTLED: {THROTTLED_SENDS} in an hour")
    elif flow.status not in ("DRAFT", "PUBLISHED", "THROTTLED"):
        raise _invalid("Flow is in invalid state", flow, "only a DRAFT or a PUBLISHED flow can be sent", "")
    elif draft != (flow.status == "DRAFT"):
        fix = 'leave "mode" out' if draft else 'publish it, or send it with "mode": "draft" to try it'
        raise _invalid("Invalid flow mode", flow, f"mode {'draft' if draft else 'published'} does not fit", fix)
    if not flow.json or flow.errors != _NO_ERRORS:
        raise _invalid("Flow is in invalid state", flow, "its JSON is missing or wrong", "upload right JSON")


def _invalid(said: str, flow: Flow, why: str, fix: str) -> Refused:
    details = f"{said}. Flow ID: {flow.id}, status: {flow.status}"
    return refuse(131009, details, rule="flow.status", why=f"flow {flow.id} is {flow.status}: {why}", fix=fix)


def sent_last_hour(world: World, flow: Flow, now: int) -> int:
    """How many messages with this flow were taken in the last hour."""
    return sum(
        message.outbound and now - message.at < HOUR and _carries(message, flow) for message in world.messages.values()
    )


def _carries(message: Message, flow: Flow) -> bool:
    if message.type == "template":
        return msgspec.json.encode(flow.id) in message.shown
    if message.type != "interactive":
        return False
    try:
        action = msgspec.json.decode(message.body, type=_Sent).interactive.action
    except msgspec.DecodeError:
        return False
    parameters = action.get("parameters")
    return isinstance(parameters, dict) and (
        parameters.get("flow_id") == flow.id or parameters.get("flow_name") == flow.name
    )
