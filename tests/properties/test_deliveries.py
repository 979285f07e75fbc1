"""However badly apps behave: what happened is told to each at least once, or its loss is on record; else exactly once.

Rules, host, network and dispatcher are the real ones; only the connection is not.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
from hypothesis import event as note
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.domain.applying import apply
from localwaba.domain.events import ContentDropped, DeliveryAttempted, Event, MessageReceived, StatusReached
from localwaba.domain.inbound import receive
from localwaba.domain.sending import accept
from localwaba.domain.traffic import Delivery, Message
from localwaba.domain.world import World, restore, snapshot
from localwaba.operations.callbacks import subscribe_app
from localwaba.operations.credentials import new_app
from localwaba.operations.faults import arm_faults, clear_faults
from localwaba.operations.meta import patch_number
from localwaba.operations.users import meet
from localwaba.runtime.blobs import BlobStore
from localwaba.runtime.host import WorldHost
from localwaba.runtime.hosts import default_world
from localwaba.runtime.network import Network
from localwaba.webhooks.dispatcher import Dispatcher
from localwaba.webhooks.targets import LOOPBACK_ONLY
from localwaba.webhooks.transport import Reply
from localwaba.wire.signature import matches

NOON = 1_767_268_800
USERS = ("16505551111", "16505552222", "4915112345678")
DAYS = 9 * 86_400_000
Told = tuple[str, str]
"""A message, and the status that is told of it; empty for a message of a user."""


class Conduct(NamedTuple):
    """How an app answers its first webhooks; then it is in good health. None: no answer. `slow`: turns it takes."""

    answers: tuple[int | None, ...] = ()
    slow: int = 0


class Apps:
    """Takes POSTs in place of a connection and answers each as its app would."""

    def __init__(self, conducts: dict[str, Conduct]) -> None:
        self._conducts = conducts
        self._answers: dict[str, Iterator[int | None]] = {url: iter(one.answers) for url, one in conducts.items()}
        self.came: dict[str, list[Told]] = {url: [] for url in conducts}
        self.taken: dict[str, list[Told]] = {url: [] for url in conducts}
        self.secrets: dict[str, bytes] = {}

    async def post(self, url: str, headers: Any, body: bytes, timeout: float) -> Reply:
        assert matches(dict(headers)["X-Hub-Signature-256"], self.secrets[url], body)
        said = told_in(body)
        self.came[url] += said
        status = next(self._answers[url], 200)
        for _ in range(self._conducts[url].slow):
            await asyncio.sleep(0)
        if status == 200:
            self.taken[url] += said
        return Reply(status) if status else Reply(None, "timed out", fault="timeout")


class Line(Network):
    """The network with everything but connections."""

    def __init__(self, apps: Apps) -> None:
        super().__init__(LOOPBACK_ONLY)
        self._transport = apps  # type: ignore[assignment]
        self._dispatcher = Dispatcher(apps, self._answered, per_target=4, total=8)  # type: ignore[arg-type]

    async def close(self) -> None:
        assert self._dispatcher is not None
        await self._dispatcher.close()


def told_in(body: bytes) -> list[Told]:
    """What a POST tells, in order."""
    found: list[Told] = []
    for entry in msgspec.json.decode(body)["entry"]:
        for change in entry["changes"]:
            value = change["value"]
            found += [(one["id"], "") for one in value.get("messages", ())]
            found += [(one["id"], one["status"]) for one in value.get("statuses", ())]
    return found


class Run(NamedTuple):
    """What happened, and what each app was told of it."""

    events: list[Event]
    world: World
    apps: Apps
    urls: dict[str, str]
    began: bytes
    ended: bytes

    def happened(self) -> list[Told]:
        """What was to be told, in order."""
        found = [told_of(event) for event in self.events]
        return [one for one in found if one is not None]

    def delivery(self, app_id: str, told: Told) -> list[Delivery]:
        """The webhooks that were to tell an app of something, each as the one that carried it."""
        rows = self.world.deliveries
        found = [one for one in rows.values() if (one.app_id, one.message_id, one.status) == (app_id, *told)]
        return [self._carrier(one) for one in found]

    def _carrier(self, one: Delivery) -> Delivery:
        return self._carrier(self.world.deliveries[one.carrier]) if one.carrier else one


def told_of(event: Event) -> Told | None:
    """What an event has to be told as."""
    if isinstance(event, MessageReceived):
        return event.message.id, ""
    if isinstance(event, StatusReached) and not event.silent:
        return event.message_id, event.status
    return None


async def play(
    conducts: list[Conduct],
    commands: list[tuple[Any, ...]],
    policy: dict[str, Any],
    faults: list[dict[str, Any]],
    *,
    storage: bool = True,
) -> Run:
    """Subscribes apps, carries out commands, clears the faults, and waits until nothing is left to be told."""
    urls = [f"http://127.0.0.1:9/{number}" for number in range(len(conducts))]
    apps = Apps(dict(zip(urls, conducts, strict=True)))
    line, blobs = Line(apps), BlobStore()
    limits: dict[str, Any] = {"pair_seconds": None, "throughput_standard": None, "messaging_limits": False}
    host = default_world(blobs, line, clock={"mode": "frozen", "now": NOON}, policy=limits | policy)
    world = host.world
    by_url = {}
    for url in urls:
        app_id = world.app_id
        if by_url:
            ids = world.ids()
            app, _, events = new_app(world, host.now(), ids, {})
            host.commit(events, ids)
            app_id = app.id
        host.commit(subscribe_app(world, host.now(), url, "t", ("messages",), app_id=app_id), world.ids())
        apps.secrets[url] = world.apps[app_id].secret.encode()
        by_url[app_id] = url
    if not storage:
        host.commit(patch_number(world, host.now(), world.phone_number_id, {"no_storage": True}), world.ids())
    began = snapshot(world)
    host.entries.clear()
    for fault in faults:
        host.commit(arm_faults(world, host.now(), fault), world.ids())
    for command, whom in commands:
        if command == "write":
            write(host, whom)
        elif command == "send":
            send(host, whom)
        else:
            await host.advance(whom)
    await host.advance(3_600_000)
    host.commit(clear_faults(world, host.now()), world.ids())
    await host.advance(DAYS)
    assert host.entries.dropped == 0
    found = Run([one for one, _ in host.entries.events()], world, apps, by_url, began, snapshot(world))
    host.close()
    await line.close()
    blobs.close()
    return found


def write(host: WorldHost, wa_id: str) -> None:
    """A user writes."""
    world, ids, now = host.world, host.world.ids(), host.now()
    user, events = meet(world, now, wa_id, lambda _: "Somebody")
    content = {"type": "text", "text": {"body": "hi"}}
    host.commit([*events, *receive(world, ids, now, user, world.phone_number_id, content)[1]], ids)
    host.wake()


def send(host: WorldHost, wa_id: str) -> None:
    """The business sends a template, which needs no window."""
    world, ids, now = host.world, host.world.ids(), host.now()
    user, events = meet(world, now, wa_id, lambda _: "Somebody")
    host.commit(events, ids)
    message = Message(
        id=ids.wamid(wa_id, outbound=True),
        phone_number_id=world.phone_number_id,
        wa_id=wa_id,
        outbound=True,
        type="template",
        at=now,
        body=b"{}",
        template_id=next(iter(world.templates)),
        category="utility",
    )
    host.commit(accept(world, message, user, now, is_new=False, free_form=False), ids)
    host.wake()


_USERS = st.sampled_from(USERS)
COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), _USERS),
        st.tuples(st.just("send"), _USERS),
        st.tuples(st.just("advance"), st.sampled_from([1, 300, 2_000, 60_000, 7_200_000])),
    ),
    min_size=1,
    max_size=10,
)
BAD = st.builds(
    Conduct,
    st.lists(st.sampled_from([200, 500, 500, 404, 302, 204, None]), max_size=40).map(tuple),
    st.integers(0, 3),
)
DEAD = st.just(Conduct((503,) * 10_000))
GOOD = st.builds(Conduct, st.just(()), st.integers(0, 5))
POLICY = st.fixed_dictionaries(
    {"webhook_batch": st.sampled_from(["off", "backlog", "always"])},
    optional={
        "webhook_redelivery": st.sampled_from(["all_apps", "failed_app"]),
        "webhook_turns": st.sampled_from(["called", "answered"]),
        "webhook_backlog": st.sampled_from(["schedule", "burst"]),
        "webhook_batch_shape": st.sampled_from(["entries", "changes", "items", "mixed"]),
        "webhook_batch_updates": st.sampled_from([1, 2, 5, 1_000]),
        "webhook_batch_seconds": st.sampled_from([0.0, 1.0, 100.0]),
    },
)
FAULTS = st.lists(
    st.one_of(
        st.just({"kind": "drop_delivery", "retried": True}),
        st.just({"kind": "drop_delivery", "retried": True, "when": {"every": 2}}),
        st.just({"kind": "duplicate_delivery", "times": 2}),
        st.just({"kind": "delay_delivery", "seconds": 100}),
        st.just({"kind": "reorder", "seconds": 5}),
        st.just({"kind": "batch", "seconds": 5}),
        st.just({"kind": "lose", "when": {"every": 3}}),
        st.just({"kind": "late_acknowledgement", "when": {"every": 2}}),
    ),
    max_size=2,
)


@settings(max_examples=60, deadline=None)
@given(
    conducts=st.lists(st.one_of(BAD, GOOD, DEAD), min_size=1, max_size=3),
    commands=COMMANDS,
    policy=POLICY,
    faults=FAULTS,
    storage=st.booleans(),
)
def test_nothing_is_silently_dropped(
    conducts: list[Conduct],
    commands: list[tuple[Any, ...]],
    policy: dict[str, Any],
    faults: list[dict[str, Any]],
    storage: bool,
) -> None:
    """Each app has taken what happened at least once, or the journal says that it was given up for it."""
    run = asyncio.run(play(conducts, commands, policy, faults, storage=storage))
    ended = {one.delivery_id for one in run.events if isinstance(one, DeliveryAttempted) and one.state == "abandoned"}
    given_up = 0
    for app_id, url in run.urls.items():
        taken = Counter(run.apps.taken[url])
        for told in run.happened():
            found = run.delivery(app_id, told)
            states = {one.state for one in found}
            assert states <= {"delivered", "abandoned"}, (told, states)
            lost = states == {"abandoned"}
            given_up += lost
            assert taken[told] or lost, told
            if lost:
                assert {one.id for one in found} <= ended
    assert run.world.abandoned == sum(
        isinstance(one, DeliveryAttempted) and one.state == "abandoned" for one in run.events
    )
    note(f"given up: {bool(given_up)}, policy: {policy.get('webhook_batch', 'off')}")


@settings(max_examples=40, deadline=None)
@given(conducts=st.lists(GOOD, min_size=1, max_size=3), commands=COMMANDS, policy=POLICY, storage=st.booleans())
def test_without_faults_exactly_once_and_in_order(
    conducts: list[Conduct], commands: list[tuple[Any, ...]], policy: dict[str, Any], storage: bool
) -> None:
    """Apps that take what they are told are told each thing once, however slow they are; of a chat all in order."""
    batched = policy.get("webhook_batch") == "always"
    run = asyncio.run(play(conducts, commands, policy, [], storage=storage))
    happened = run.happened()
    chats = {one.id: one.wa_id for one in run.world.messages.values()}
    for url in run.urls.values():
        assert sorted(run.apps.came[url]) == sorted(happened)
        for user in USERS:
            # a batch may tell of messages apart from statuses, but each of them in order
            for kind in ("messages", "statuses") if batched else ("",):
                expected, came = (
                    [
                        one
                        for one in told
                        if chats[one[0]] == user and kind in ("", "statuses" if one[1] else "messages")
                    ]
                    for told in (happened, run.apps.came[url])
                )
                assert came == expected


@settings(max_examples=20, deadline=None)
@given(conducts=st.lists(st.one_of(BAD, DEAD), min_size=1, max_size=2), commands=COMMANDS)
def test_without_storage_each_loss_is_told(conducts: list[Conduct], commands: list[tuple[Any, ...]]) -> None:
    """A message of a user that an app of a number without storage did not take is replaced by word of its loss."""
    run = asyncio.run(play(conducts, commands, {}, [], storage=False))
    lost = {one.delivery_id for one in run.events if isinstance(one, ContentDropped)}
    rows = run.world.deliveries.values()
    assert lost == {one.id for one in rows if one.retention and one.state == "abandoned"}
    words = Counter(one.app_id for one in rows if b'"code":131035' in one.body)
    assert words == Counter(run.world.deliveries[one].app_id for one in lost)


@settings(max_examples=20, deadline=None)
@given(conducts=st.lists(st.one_of(BAD, DEAD), min_size=1, max_size=3), commands=COMMANDS, policy=POLICY, faults=FAULTS)
def test_the_journal_makes_the_same_world(
    conducts: list[Conduct], commands: list[tuple[Any, ...]], policy: dict[str, Any], faults: list[dict[str, Any]]
) -> None:
    """The events alone lead to the same world: nothing about deliveries is decided behind the journal's back."""
    run = asyncio.run(play(conducts, commands, policy, faults))
    world = restore(run.began)
    for one in run.events:
        apply(world, one)
    world.drawn = run.world.drawn
    assert snapshot(world) == run.ended
