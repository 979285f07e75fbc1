"""A month goes by at once over a world with a hundred thousand things to come."""

from __future__ import annotations

import time
from typing import Any

import msgspec

from localwaba.domain.clock import DAY
from localwaba.domain.inbound import new_user
from localwaba.domain.model import Behaviour
from localwaba.domain.sending import accept
from localwaba.domain.traffic import Message
from neighbours import load

MESSAGES = 100_000
BATCH = 1_000


def platform() -> Any:
    """A server's worlds without sockets, without limits, in which nothing is dropped."""
    return load("http/conftest").Platform(
        policy={"profile": "relaxed", "read_after": None, "retained_messages": 2 * MESSAGES, "retained_deliveries": 100}
    )


async def send_all(host: Any) -> None:
    """A message to each of so many users, who get theirs one after the other over 29 days."""
    world, now = host.world, host.now()
    body = msgspec.json.encode({"type": "template"})
    for start in range(0, MESSAGES, BATCH):
        ids, events = world.ids(), []
        for n in range(start, start + BATCH):
            after = Behaviour(delivered_after=29 * DAY // 1000 * n / MESSAGES)
            wa_id = f"1650{n:07}"
            user = msgspec.structs.replace(new_user(world.seed, wa_id, "US"), behaviour=after)
            message = Message(
                id=ids.wamid(wa_id, outbound=True),
                phone_number_id=world.phone_number_id,
                wa_id=wa_id,
                outbound=True,
                type="template",
                at=now,
                body=body,
                template_id="1",
                category="utility",
            )
            events += accept(world, message, user, now, is_new=True, free_form=False)
        host.commit(events, ids)
        host.wake()
        await host.settle()


def test_a_month_at_once() -> None:
    """Everything that is due in 30 days happens within 20 seconds of work, in its order, and nothing is left."""
    made = platform()
    try:
        host, world = made.host, made.world
        made._runner.run(send_all(host))
        statuses = [message.status for message in world.messages.values()]
        assert (statuses.count("sent") + statuses.count("delivered"), len(statuses)) == (MESSAGES, MESSAGES)
        assert len(world.agenda) >= MESSAGES - 1
        begun = time.process_time()
        found = made.control("POST", "clock/advance", {"seconds": 30 * 86_400})
        assert time.process_time() - begun < 20
        assert found["count"] == MESSAGES - statuses.count("delivered")
        assert len(found["fired"]) == 1_000  # the answer lists the first ones
        assert {message.status for message in world.messages.values()} == {"delivered"}
        moments = [message.status_at for message in world.messages.values()]
        assert moments == sorted(moments)
        rest = made.control("POST", "settle")
        assert (rest["settled"], rest["in_flight"], rest["ran"]) == (True, 0, 0)
        assert [due for due, _, _ in world.agenda if due <= host.now()] == []
    finally:
        made.close()
