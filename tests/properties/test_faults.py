"""Whatever faults are armed: nothing gets lost that was not ordered to, and everything repeats exactly."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.applying import apply
from localwaba.domain.events import Event, MessageAccepted, MessageReceived, StatusReached
from localwaba.domain.fault_state import Fault, FaultFired
from localwaba.domain.inbound import receive
from localwaba.domain.statuses import read_all
from localwaba.domain.traffic import Attempt, Delivery
from localwaba.domain.world import restore, snapshot
from localwaba.http.graph import Graph
from localwaba.operations.callbacks import subscribe_app
from localwaba.operations.faults import arm_faults, clear_faults
from localwaba.operations.users import meet
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.host import WorldHost
from localwaba.runtime.hosts import WorldHosts, default_world

NOON = 1_767_268_800
USERS = ("16505551111", "16505552222", "4915112345678")
WEEK = 8 * 86_400_000


class Wire:
    """Takes webhooks and answers each with 200 in the next moment, without a connection."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, bytes, tuple[str, ...]]] = []
        self._open = 0

    def post(self, host: WorldHost, delivery: Delivery, url: str, faults: Sequence[Fault] = ()) -> None:
        self.posted.append((delivery.id, delivery.body, tuple(fault.kind for fault in faults)))
        self._open += 1
        asyncio.get_running_loop().call_soon(self._answer, host, delivery.id, url)

    def _answer(self, host: WorldHost, delivery_id: str, url: str) -> None:
        self._open -= 1
        host.answered(delivery_id, Attempt(at=host.now(), url=url, status=200))

    def busy(self, world: str) -> int:
        return self._open

    async def idle(self, world: str, timeout: float) -> bool:
        await asyncio.sleep(0)
        return not self._open

    def drop(self, world: str) -> None:
        self._open = 0


class Run(NamedTuple):
    """What happened: events, and webhooks as they went out."""

    events: list[Event]
    posted: list[tuple[str, bytes, tuple[str, ...]]]
    began: bytes
    ended: bytes

    def told(self) -> list[tuple[str, str]]:
        """Message and status of each webhook about messages, in the order in which they went out."""
        found = []
        for _, body, _ in self.posted:
            changes = [change for entry in msgspec.json.decode(body)["entry"] for change in entry["changes"]]
            for value in [change["value"] for change in changes]:
                found += [(one["id"], one["status"]) for one in value.get("statuses", [])]
                found += [(one["id"], "") for one in value.get("messages", [])]
        return found

    def fired(self, *kinds: str) -> list[FaultFired]:
        return [event for event in self.events if isinstance(event, FaultFired) and event.kind in kinds]


async def play(seed: int, faults: list[dict[str, Any]], commands: list[tuple[Any, ...]]) -> Run:
    """Arms faults, carries out commands, clears the faults, and waits until nothing is left to be told."""
    wire, blobs = Wire(), BlobStore()
    host = default_world(blobs, wire, seed=seed, clock={"mode": "frozen", "now": NOON})  # type: ignore[arg-type]
    graph = Graph(WorldHosts(host, blobs, wire))  # type: ignore[arg-type]
    began = snapshot(host.world)
    ids = host.world.ids()
    host.commit(subscribe_app(host.world, host.now(), "http://127.0.0.1:9/w", "t", ("messages",)), ids)
    for user in USERS:
        await _write(host, user)
    for fault in faults:
        host.commit(arm_faults(host.world, host.now(), fault), host.world.ids())
    async with httpx.AsyncClient(transport=httpx.ASGITransport(graph), base_url=host.world.base_url) as client:
        for command, *given in commands:
            if command == "send":
                await _send(client, host, *given)
            elif command == "write":
                await _write(host, *given)
            elif command == "read":
                events = read_all(host.world, host.world.phone_number_id, given[0], host.now())
                host.commit(events, host.world.ids())
                host.wake()
            else:
                await host.advance(given[0])
        await host.advance(3_600_000)
        host.commit(clear_faults(host.world, host.now()), host.world.ids())
        await host.advance(WEEK)
    assert not host.world.fault_record.held
    found = Run([event for event, _ in host.entries.events()], wire.posted, began, snapshot(host.world))
    host.close()
    blobs.close()
    return found


async def _write(host: WorldHost, wa_id: str) -> None:
    world, ids, now = host.world, host.world.ids(), host.now()
    user, events = meet(world, now, wa_id, lambda _: "Somebody")
    content = {"type": "text", "text": {"body": "hi"}}
    host.commit([*events, *receive(world, ids, now, user, world.phone_number_id, content)[1]], ids)
    host.wake()


async def _send(client: httpx.AsyncClient, host: WorldHost, wa_id: str) -> None:
    body = {"messaging_product": "whatsapp", "to": wa_id, "type": "text", "text": {"body": "hello"}}
    headers = {"Authorization": f"Bearer {host.world.access_token}"}
    answer = await client.post(f"/v26.0/{host.world.phone_number_id}/messages", json=body, headers=headers)
    assert answer.status_code == 200, answer.text


_WHENS = st.one_of(
    st.just({"always": True}),
    st.builds(lambda n: {"next": n}, st.integers(1, 4)),
    st.builds(lambda n: {"every": n}, st.integers(1, 3)),
    st.builds(lambda n: {"first": n}, st.integers(1, 2)),
    st.builds(lambda p: {"chance": p}, st.sampled_from([0.0, 0.3, 0.7, 1.0])),
)
_PARAMETERS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "fail": st.fixed_dictionaries(
        {"code": st.sampled_from([131026, 131049, 131000])},
        optional={
            "after": st.sampled_from(["accepted", "sent", "delivered", "read"]),
            "then": st.sampled_from(["delivered", "read"]),
            "without_errors": st.booleans(),
        },
    ),
    "stuck_at": st.fixed_dictionaries({"status": st.sampled_from(["accepted", "sent", "delivered"])}),
    "read_without_delivered": st.just({}),
    "lose": st.just({}),
    "duplicate": st.fixed_dictionaries({"times": st.integers(1, 4), "spacing": st.sampled_from([0, 1, 60])}),
    "reorder": st.fixed_dictionaries(
        {"seconds": st.sampled_from([0, 1, 30]), "order": st.sampled_from(["shuffled", "reversed"])}
    ),
    "delay": st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, 100])}),
    "duplicate_delivery": st.fixed_dictionaries({"times": st.integers(1, 4), "spacing": st.sampled_from([0, 1, 60])}),
    "delay_delivery": st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, 100])}),
    "reorder_delivery": st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, 30])}),
    "burst": st.fixed_dictionaries({"seconds": st.sampled_from([0, 1, 30])}),
    "batch": st.fixed_dictionaries(
        {
            "of": st.sampled_from(["entries", "changes", "items", "mixed"]),
            "most": st.integers(1, 5),
            "seconds": st.sampled_from([0, 1, 30]),
            "order": st.sampled_from(["kept", "shuffled"]),
        }
    ),
    "hurry": st.fixed_dictionaries({"after": st.sampled_from(["sent", "delivered"])}),
    "late_acknowledgement": st.just({}),
    "reshape": st.fixed_dictionaries({"how": st.sampled_from(["keys_shuffled", "no_phone", "unavailable_first"])}),
    "drop_delivery": st.fixed_dictionaries({"retried": st.booleans()}),
    "wrong_signature": st.just({}),
    "missing_signature": st.just({}),
    "plain_bytes": st.just({}),
    "old_signature_only": st.just({}),
}
_TELLING = ("lose", "duplicate", "reorder", "delay")


KINDS = sorted(_PARAMETERS)


@st.composite
def _fault(draw: st.DrawFn, kind: str = "") -> dict[str, Any]:
    kind = kind or draw(st.sampled_from(KINDS))
    match: dict[str, Any] = {}
    if draw(st.booleans()):
        match["recipient"] = draw(st.sampled_from(USERS))
    if kind in _TELLING and draw(st.booleans()):
        match["direction"] = draw(st.sampled_from(["inbound", "outbound"]))
    return {"kind": kind, "when": draw(_WHENS), "match": match} | draw(_PARAMETERS[kind])


_USERS = st.sampled_from(USERS)
_COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), _USERS),
        st.tuples(st.just("write"), _USERS),
        st.tuples(st.just("read"), _USERS),
        st.tuples(st.just("advance"), st.sampled_from([1, 300, 2_000, 60_000])),
    ),
    max_size=8,
).map(lambda commands: [("send", USERS[0]), ("send", USERS[0]), ("send", USERS[1]), *commands])


@st.composite
def _schedule(draw: st.DrawFn, kind: str) -> list[dict[str, Any]]:
    """A fault of that kind among some others."""
    others = draw(st.lists(_fault(), max_size=3))
    place = draw(st.integers(0, len(others)))
    return [*others[:place], draw(_fault(kind)), *others[place:]]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=8, deadline=None)
@given(data=st.data(), commands=_COMMANDS)
def test_nothing_is_silently_lost(kind: str, data: st.DataObject, commands: list[tuple[Any, ...]]) -> None:
    """Whatever happened is told at least once, unless a fault was ordered to lose it and the journal says so."""
    run = asyncio.run(play(0, data.draw(_schedule(kind)), commands))
    told = Counter(run.told())
    lost_messages = {event.message_id for event in run.fired("lose")}
    lost_webhooks = {event.hit for event in run.fired("drop_delivery")}
    skipped = {event.message_id for event in run.fired("read_without_delivered")}
    for event in run.events:
        if isinstance(event, StatusReached):
            what, hit = (event.message_id, event.status), f"{event.status} of {event.message_id}"
            if event.silent:
                assert event.message_id in skipped
                continue
        elif isinstance(event, MessageReceived):
            what, hit = (event.message.id, ""), f"message {event.message.id}"
        else:
            continue
        dropped = any(hit in one for one in lost_webhooks)
        assert told[what] or dropped or what[0] in lost_messages, what


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=6, deadline=None)
@given(data=st.data(), commands=_COMMANDS)
def test_no_message_stops_for_no_reason(kind: str, data: st.DataObject, commands: list[tuple[Any, ...]]) -> None:
    """Each message gets to `read`, as without faults, unless one that is journalled ended its life before."""
    run = asyncio.run(play(0, data.draw(_schedule(kind)), commands))
    reached = {(event.message_id, event.status) for event in run.events if isinstance(event, StatusReached)}
    ended = {event.message_id for event in run.fired("fail", "stuck_at")}
    for event in run.events:
        if isinstance(event, MessageAccepted) and event.message.id not in ended:
            assert (event.message.id, "read") in reached


@settings(max_examples=25, deadline=None)
@given(commands=_COMMANDS)
def test_without_faults(commands: list[tuple[Any, ...]]) -> None:
    """Without faults everything is told exactly once, and in order within a chat."""
    run = asyncio.run(play(0, [], commands))
    happened = [(event.message_id, event.status) for event in run.events if isinstance(event, StatusReached)]
    received = [(event.message.id, "") for event in run.events if isinstance(event, MessageReceived)]
    told = run.told()
    assert sorted(told) == sorted(happened + received)
    assert [one for one in told if one[1]] == happened


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3, deadline=None)
@given(data=st.data(), seed=st.integers(0, 3), commands=_COMMANDS)
def test_same_seed_same_faults(kind: str, data: st.DataObject, seed: int, commands: list[tuple[Any, ...]]) -> None:
    """Two runs with one seed are the same, event by event and byte by byte."""
    faults = data.draw(_schedule(kind))
    first, second = (asyncio.run(play(seed, faults, commands)) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=3, deadline=None)
@given(data=st.data(), commands=_COMMANDS)
def test_a_journal_with_faults_replays(kind: str, data: st.DataObject, commands: list[tuple[Any, ...]]) -> None:
    """The events alone make the same world of the seeded one: faults decide nothing behind the journal's back."""
    run = asyncio.run(play(0, data.draw(_schedule(kind)), commands))
    world, ended = restore(run.began), restore(run.ended)
    for event in run.events:
        apply(world, event)
    world.drawn = ended.drawn
    assert snapshot(world) == run.ended


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 5), rule=st.sampled_from(["next", "first", "then_success"]))
def test_failures_then_success(n: int, rule: str) -> None:
    """N failures, then success, whether anybody looks or not: the message is there once."""

    async def tries() -> tuple[list[int], int]:
        wire, blobs = Wire(), BlobStore()
        host = default_world(blobs, wire, clock={"mode": "frozen", "now": NOON})  # type: ignore[arg-type]
        graph = Graph(WorldHosts(host, blobs, wire))  # type: ignore[arg-type]
        fault = {"kind": "http_error", "when": {rule: n}}
        host.commit(arm_faults(host.world, host.now(), fault), host.world.ids())
        body = {"messaging_product": "whatsapp", "to": USERS[0], "type": "text", "text": {"body": "hello"}}
        headers = {"Authorization": f"Bearer {host.world.access_token}"}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(graph), base_url="http://localhost") as client:
            path = f"/v26.0/{host.world.phone_number_id}/messages"
            answers = [await client.post(path, json=body, headers=headers) for _ in range(n + 2)]
        count = len(host.world.messages)
        host.close()
        blobs.close()
        return [answer.status_code for answer in answers], count

    assert asyncio.run(tries()) == ([503] * n + [200, 200], 2)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 5))
def test_lost_tries_then_success(n: int) -> None:
    """A webhook whose first N tries get lost arrives with the next one, once."""
    faults = [{"kind": "drop_delivery", "retried": True, "when": {"first": n}}]
    run = asyncio.run(play(0, faults, [("send", USERS[0]), ("advance", 6 * 3_600_000)]))
    after = run.told()[len(USERS) :]
    assert sorted(status for _, status in after) == ["delivered", "read", "sent"]
    assert len(run.fired("drop_delivery")) == 3 * n
