"""The dispatcher keeps order within a lane, shares its slots fairly, and always comes to rest."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.webhooks.dispatcher import Attempt, Dispatcher
from localwaba.webhooks.transport import Reply, Transport

pytestmark = pytest.mark.anyio


def make(delivery_id: str, lane: str = "", url: str = "http://a/", world: str = "w", timeout: float = 5.0) -> Attempt:
    return Attempt(world, delivery_id, url, lane or delivery_id, (), delivery_id.encode(), timeout)


class Stage:
    """A transport whose answers a test gives by hand; posts are known by their body."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.open: dict[str, asyncio.Future[Reply]] = {}
        self.cancelled: list[str] = []
        self.urls: Counter[str] = Counter()
        self.highest = 0

    async def post(self, url: str, _: Any, body: bytes, __: float) -> Reply:
        name = body.decode()
        self.begun.append(name)
        self.open[name] = asyncio.get_running_loop().create_future()
        self.urls[url] += 1
        self.highest = max(self.highest, sum(self.urls.values()))
        try:
            return await self.open[name]
        except asyncio.CancelledError:
            self.cancelled.append(name)
            raise
        finally:
            self.urls[url] -= 1
            del self.open[name]

    async def answer(self, *names: str) -> None:
        for name in names:
            self.open[name].set_result(Reply(200))
        await turn()


async def turn() -> None:
    """Let everything that is ready happen."""
    for _ in range(8):
        await asyncio.sleep(0)


class Desk:
    """A dispatcher on a stage, and what it handed over."""

    def __init__(self, **limits: int) -> None:
        self.stage = Stage()
        self.done: list[str] = []
        self.dispatcher = Dispatcher(self.stage, self.take, **limits)  # type: ignore[arg-type]

    def take(self, attempt: Attempt, _: Reply) -> None:
        self.done.append(attempt.delivery_id)

    async def submit(self, *attempts: Attempt) -> None:
        for attempt in attempts:
            self.dispatcher.submit(attempt)
        await turn()


async def test_a_lane_goes_one_after_the_other() -> None:
    """The second attempt of a lane must not start before the first one has its result."""
    desk = Desk()
    await desk.submit(make("1", "lane"), make("2", "lane"), make("3", "lane"))
    assert (desk.stage.begun, desk.dispatcher.pending, desk.dispatcher.in_flight) == (["1"], 2, 1)
    await desk.stage.answer("1")
    assert (desk.stage.begun, desk.done) == (["1", "2"], ["1"])
    await desk.stage.answer("2")
    await desk.stage.answer("3")
    assert (desk.done, desk.dispatcher.pending, desk.dispatcher.in_flight) == (["1", "2", "3"], 0, 0)


async def test_a_lane_keeps_its_order_across_urls() -> None:
    """A lane whose URL changes must still go in order."""
    desk = Desk()
    await desk.submit(make("1", "lane", "http://a/"), make("2", "lane", "http://b/"))
    assert desk.stage.begun == ["1"]
    await desk.stage.answer("1")
    assert desk.stage.begun == ["1", "2"]
    await desk.stage.answer("2")


async def test_lanes_go_side_by_side() -> None:
    """Different lanes must not wait for each other, nor equal lanes of different worlds."""
    desk = Desk()
    await desk.submit(make("1", "x"), make("2", "y"), make("3", "x", world="other"))
    assert desk.stage.begun == ["1", "2", "3"]
    await desk.stage.answer("1", "2", "3")


async def test_a_target_has_only_its_slots() -> None:
    """No more than `per_target` attempts must be on their way to one URL."""
    desk = Desk(per_target=2)
    await desk.submit(*(make(str(number)) for number in range(5)))
    assert desk.stage.begun == ["0", "1"]
    await desk.stage.answer("0")
    assert desk.stage.begun == ["0", "1", "2"]
    await desk.stage.answer("1", "2")
    await desk.stage.answer("3", "4")
    assert sorted(desk.done) == ["0", "1", "2", "3", "4"]


async def test_a_freed_slot_is_given_away_once() -> None:
    """A slot that went to the next attempt in the row must not be found free by the one after it."""
    desk = Desk(per_target=1)
    await desk.submit(make("1"), make("2"), make("3"))
    await desk.stage.answer("1")
    await desk.submit(make("4"))
    assert desk.stage.begun == ["1", "2"]
    for name in ("2", "3", "4"):
        await desk.stage.answer(name)
    assert desk.done == ["1", "2", "3", "4"]


async def test_a_hanging_target_keeps_nobody_waiting() -> None:
    """A URL that never answers must cost other URLs nothing, even when it holds every slot there is."""
    desk = Desk(per_target=2, total=2)
    await desk.submit(*(make(f"hang{number}", url="http://hang/") for number in range(9)))
    await desk.submit(make("fine1", url="http://fine/"), make("fine2", url="http://fine/"))
    assert desk.stage.begun == ["hang0", "hang1", "fine1"]
    await desk.stage.answer("fine1")
    await desk.stage.answer("fine2")
    assert desk.done == ["fine1", "fine2"]
    await desk.dispatcher.close()


async def test_lanes_take_turns() -> None:
    """A lane with much to say must not keep another one of its target waiting for all of it."""
    desk = Desk(per_target=1)
    await desk.submit(
        *(make(f"a{number}", "a") for number in range(3)), *(make(f"b{number}", "b") for number in range(2))
    )
    for name in ["a0", "b0", "a1", "b1", "a2"]:
        await desk.stage.answer(name)
    assert desk.done == ["a0", "b0", "a1", "b1", "a2"]


async def test_targets_take_turns_for_the_slots_of_all() -> None:
    """When all slots are taken, freed ones must go round the URLs that wait."""
    desk = Desk(per_target=8, total=4)
    await desk.submit(*(make(f"a{number}", url="http://a/") for number in range(8)))
    await desk.submit(*(make(f"b{number}", url="http://b/") for number in range(8)))
    assert desk.stage.begun == ["a0", "a1", "a2", "a3", "b0"]
    await desk.stage.answer("a0", "a1", "a2")
    assert desk.stage.begun[5:] in (["b1", "a4"], ["a4", "b1"])
    await desk.dispatcher.close()


async def test_idle_waits_for_the_last_result() -> None:
    """`idle` must end when the last result was handed over, and tell when it waited in vain."""
    desk = Desk()
    assert await desk.dispatcher.idle()
    await desk.submit(make("1", world="one"), make("2", world="two"))
    assert not await desk.dispatcher.idle(timeout=0.01)
    assert await desk.dispatcher.idle("three")
    waiting = asyncio.create_task(desk.dispatcher.idle("one"))
    await turn()
    await desk.stage.answer("2")
    assert not waiting.done()
    await desk.stage.answer("1")
    assert waiting.done()
    assert await waiting
    assert await desk.dispatcher.idle()


async def test_work_that_a_result_causes_is_waited_for() -> None:
    """A result that submits the next attempt must not let `idle` end in between."""
    desk = Desk()

    def resubmit(attempt: Attempt, _: Reply) -> None:
        desk.done.append(attempt.delivery_id)
        if attempt.delivery_id == "1":
            desk.dispatcher.submit(make("2", attempt.lane))

    desk.dispatcher = Dispatcher(desk.stage, resubmit)  # type: ignore[arg-type]
    await desk.submit(make("1", "lane"))
    waiting = asyncio.create_task(desk.dispatcher.idle("w"))
    await turn()
    await desk.stage.answer("1")
    assert (waiting.done(), desk.stage.begun) == (False, ["1", "2"])
    await desk.stage.answer("2")
    assert await waiting


async def test_a_dropped_world_is_forgotten_at_once() -> None:
    """Queue and flights of a world must end, its results stay away, and others go on."""
    desk = Desk(per_target=2)
    await desk.submit(*(make(f"a{number}", world="a") for number in range(4)), make("b0", world="b"))
    assert desk.stage.begun == ["a0", "a1"]
    assert desk.dispatcher.drop("a") == 4
    assert await desk.dispatcher.idle("a")
    await turn()
    assert (desk.stage.cancelled, desk.stage.begun) == (["a0", "a1"], ["a0", "a1", "b0"])
    await desk.stage.answer("b0")
    assert (desk.done, desk.dispatcher.pending, desk.dispatcher.in_flight) == (["b0"], 0, 0)
    assert desk.dispatcher.drop("a") == 0


async def test_a_world_can_go_on_after_it_was_dropped() -> None:
    """A world that was reset must deliver again, in the same lanes."""
    desk = Desk()
    await desk.submit(make("1", "lane"), make("2", "lane"))
    desk.dispatcher.drop("w")
    await desk.submit(make("3", "lane"))
    await desk.submit(make("4", "lane"))
    assert desk.stage.begun == ["1", "3"]
    await desk.stage.answer("3")
    assert not await desk.dispatcher.idle("w", timeout=0)
    await desk.stage.answer("4")
    assert desk.done == ["3", "4"]
    assert await desk.dispatcher.idle("w", timeout=0)


async def test_a_transport_that_ignores_its_end_brings_no_result() -> None:
    """A reply to an attempt that was dropped must be thrown away, even if the transport could not be stopped."""

    class Stubborn(Stage):
        async def post(self, *details: Any) -> Reply:
            try:
                return await super().post(*details)
            except asyncio.CancelledError:
                return Reply(200)

    desk = Desk()
    desk.dispatcher = Dispatcher(Stubborn(), desk.take)  # type: ignore[arg-type]
    await desk.submit(make("1"))
    desk.dispatcher.drop("w")
    await turn()
    assert (desk.done, desk.dispatcher.in_flight, await desk.dispatcher.idle(timeout=0)) == ([], 0, True)


async def test_an_attempt_dropped_before_its_first_step_gives_its_slot_back() -> None:
    """Dropping in the same moment as submitting must not lose a slot."""
    desk = Desk(per_target=1)
    desk.dispatcher.submit(make("1"))
    assert desk.dispatcher.drop("w") == 1
    await turn()
    assert desk.stage.begun == []
    await desk.submit(make("2"))
    await desk.stage.answer("2")
    assert (desk.done, desk.dispatcher.in_flight) == (["2"], 0)


async def test_an_answer_that_arrives_while_its_world_is_dropped_is_not_handed_over() -> None:
    """A reply that is there but not yet taken must go with its world."""
    desk = Desk()
    await desk.submit(make("1"))
    desk.stage.open["1"].set_result(Reply(200))
    assert desk.dispatcher.drop("w") == 1
    await turn()
    assert (desk.done, desk.dispatcher.in_flight) == ([], 0)
    assert await desk.dispatcher.idle()


async def test_a_result_may_drop_its_own_world() -> None:
    """Whoever takes a result may end the world in the same breath."""
    desk = Desk()

    def end(attempt: Attempt, _: Reply) -> None:
        desk.done.append(attempt.delivery_id)
        desk.dispatcher.drop("w")

    desk.dispatcher = Dispatcher(desk.stage, end)  # type: ignore[arg-type]
    await desk.submit(make("1", "lane"), make("2", "lane"), make("x", world="other"))
    await desk.stage.answer("1")
    assert (desk.done, desk.stage.begun) == (["1"], ["1", "x"])
    assert await desk.dispatcher.idle("w")
    await desk.stage.answer("x")
    assert await desk.dispatcher.idle(timeout=1)


async def test_a_transport_that_raises_is_a_reply() -> None:
    """Not even a broken transport may stop a lane."""

    class Broken(Stage):
        async def post(self, *_: Any) -> Reply:
            raise RuntimeError("broken")

    replies: list[Reply] = []
    dispatcher = Dispatcher(Broken(), lambda _, reply: replies.append(reply))  # type: ignore[arg-type]
    dispatcher.submit(make("1", "lane"))
    dispatcher.submit(make("2", "lane"))
    assert await dispatcher.idle(timeout=1)
    assert [reply.error for reply in replies] == ["RuntimeError: broken"] * 2


async def test_a_taker_that_raises_is_reported_and_survived() -> None:
    """An exception of `deliver_result` must reach the loop's handler, and the lane must go on."""
    reports: list[str] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context["message"]))

    def fail(*_: object) -> None:
        raise ValueError("no")

    stage = Stage()
    dispatcher = Dispatcher(stage, fail)  # type: ignore[arg-type]
    dispatcher.submit(make("1", "lane"))
    dispatcher.submit(make("2", "lane"))
    await turn()
    await stage.answer("1")
    await stage.answer("2")
    assert reports == [f"the result of delivery {number} was not taken" for number in (1, 2)]
    assert await dispatcher.idle(timeout=1)


async def test_a_closed_dispatcher_takes_nothing() -> None:
    """After `close` nothing must be on its way and nothing be taken."""
    desk = Desk()
    await desk.submit(make("1"), make("2"))
    await desk.dispatcher.close()
    assert sorted(desk.stage.cancelled) == ["1", "2"]
    assert (desk.dispatcher.in_flight, desk.dispatcher.pending) == (0, 0)
    with pytest.raises(RuntimeError):
        desk.dispatcher.submit(make("3"))


async def test_what_is_done_leaves_nothing_behind() -> None:
    """Lanes, targets and accounts must not pile up over a long life."""
    desk = Desk()
    await desk.submit(*(make(str(number), url=f"http://{number}/", world=str(number)) for number in range(20)))
    desk.dispatcher.drop("3")
    await desk.stage.answer(*(str(number) for number in range(20) if number != 3))
    kept = [desk.dispatcher.__dict__[name] for name in ("_lanes", "_targets", "_row", "_workers", "_open", "_waiters")]
    assert [len(table) for table in kept] == [0] * 6


steps = st.lists(
    st.one_of(
        st.tuples(st.just("submit"), st.integers(0, 5), st.integers(0, 2), st.integers(0, 1)),
        st.tuples(st.just("answer"), st.integers(0, 9)),
        st.tuples(st.just("drop"), st.integers(0, 1)),
        st.tuples(st.just("turn")),
    ),
    max_size=60,
)


@settings(max_examples=120, deadline=None)
@given(steps, st.integers(1, 3), st.integers(1, 4))
def test_whatever_happens_order_and_limits_hold(story: list[Any], per_target: int, total: int) -> None:
    """Each attempt must be delivered once unless dropped, in its lane's order, within the limits."""
    asyncio.run(play(story, per_target, total))


async def play(story: list[Any], per_target: int, total: int) -> None:
    desk = Desk(per_target=per_target, total=total)
    submitted: list[Attempt] = []
    dropped: set[str] = set()
    for kind, *details in story:
        if kind == "submit":
            lane, url, world = details
            attempt = make(str(len(submitted)), f"lane{lane}", f"http://{url}/", f"world{world}")
            submitted.append(attempt)
            desk.dispatcher.submit(attempt)
        elif kind == "answer" and desk.stage.open:
            waiting = [future for future in desk.stage.open.values() if not future.done()]
            if waiting:
                waiting[details[0] % len(waiting)].set_result(Reply(200))
        elif kind == "drop":
            world = f"world{details[0]}"
            dropped |= {each.delivery_id for each in submitted if each.world == world} - set(desk.done)
            desk.dispatcher.drop(world)
            assert await desk.dispatcher.idle(world, timeout=0)
        elif kind == "turn":
            await turn()
            assert max(desk.stage.urls.values(), default=0) <= per_target
            assert desk.dispatcher.in_flight == sum(desk.stage.urls.values())
            lanes = [(each.world, each.lane) for each in submitted if each.delivery_id in desk.stage.open]
            assert len(lanes) == len(set(lanes))
    while not await desk.dispatcher.idle(timeout=0):
        await turn()
        await desk.stage.answer(*[name for name, future in desk.stage.open.items() if not future.done()])
    await turn()
    assert desk.stage.highest <= total + 3  # a URL with nothing on its way may go beyond the total
    assert sorted(desk.done) == sorted({each.delivery_id for each in submitted} - dropped)
    for lane in {(each.world, each.lane) for each in submitted}:
        order = [each.delivery_id for each in submitted if (each.world, each.lane) == lane]
        assert [name for name in desk.done if name in order] == [name for name in order if name in desk.done]
    assert (desk.dispatcher.in_flight, desk.dispatcher.pending, len(desk.dispatcher.__dict__["_targets"])) == (0, 0, 0)


async def test_over_real_sockets_a_hanging_app_delays_nobody(transport: Transport, serve: Any) -> None:
    """With the real transport, deliveries to a healthy app must all arrive while another app hangs."""

    async def hang(_: Any, __: Any) -> None:
        await asyncio.Event().wait()

    async def answer(_: Any, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    stuck, healthy = await serve(hang), await serve(answer)
    replies: list[tuple[str, int | None]] = []
    dispatcher = Dispatcher(
        transport, lambda attempt, reply: replies.append((attempt.delivery_id, reply.status)), per_target=4, total=6
    )
    for number in range(20):
        dispatcher.submit(make(f"stuck{number}", url=stuck.url, world="stuck"))
    for number in range(40):
        dispatcher.submit(make(f"{number}", f"lane{number % 8}", healthy.url, "healthy"))
    assert await dispatcher.idle("healthy", timeout=5)
    assert sorted(replies) == sorted((str(number), 200) for number in range(40))
    for lane in range(8):
        arrived = [int(request.body) for request in healthy.requests if int(request.body) % 8 == lane]
        assert arrived == sorted(arrived)
    assert healthy.connections <= 4
    assert dispatcher.in_flight == 4
    await dispatcher.close()
    assert dispatcher.in_flight == 0


async def test_over_real_sockets_a_timeout_frees_the_lane(transport: Transport, serve: Any) -> None:
    """An attempt that timed out must let the next one of its lane go."""

    async def answer_second(_: Any, writer: asyncio.StreamWriter) -> None:
        if len(app.requests) == 1:
            await asyncio.Event().wait()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    app = await serve(answer_second)
    replies: list[tuple[str, str | None]] = []
    dispatcher = Dispatcher(transport, lambda attempt, reply: replies.append((attempt.delivery_id, reply.fault)))
    dispatcher.submit(make("1", "lane", app.url, timeout=0.05))
    dispatcher.submit(make("2", "lane", app.url))
    assert await dispatcher.idle(timeout=5)
    assert replies == [("1", "timeout"), ("2", None)]
    await dispatcher.close()
