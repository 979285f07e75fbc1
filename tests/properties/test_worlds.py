"""Worlds on one server: apart from each other, gone when they are deleted, bounded while they live."""

from __future__ import annotations

import asyncio
import gc
import json
import weakref
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from neighbours import load

common = load("http/conftest")
Platform: Any = common.Platform


@pytest.fixture
def platform() -> Any:
    """A server's worlds without sockets."""
    made = Platform()
    yield made
    made.close()


class Tenant:
    """One world of a platform, seen through its token; `number`, `waba` and the rest are its ids."""

    def __init__(self, platform: Any, **options: Any) -> None:
        self.platform = platform
        given = {"clock": {"mode": "frozen", "now": common.NOON}, "policy": common.UNLIMITED} | options
        found = platform.control("POST", "worlds", given)
        self.name, self.token, self.secret = found["world"], found["access_token"], found["app_secret"]
        self.number, self.waba, self.app = found["phone_number_id"], found["waba_id"], found["app_id"]

    def graph(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        return self.platform.graph(method, path, body, token=self.token, **options)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        return self.platform.control(method, path, body, token=self.token)

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        headers = {"authorization": f"Bearer {self.token}"}
        return self.platform.ask(method, f"/_localwaba/{path}", body, headers=headers)

    def send(self, to: str) -> Any:
        return self.graph("POST", f"/{self.number}/messages", self.platform.text(to))

    def upload(self) -> str:
        parts = {"messaging_product": "whatsapp", "type": "text/plain"}
        head = "--x\r\nContent-Disposition: form-data; name="
        body = "".join(f'{head}"{name}"\r\n\r\n{text}\r\n' for name, text in parts.items())
        body += f'{head}"file"; filename="a"\r\nContent-Type: text/plain\r\n\r\n{self.name}\r\n--x--\r\n'
        headers = {"content-type": "multipart/form-data; boundary=x"}
        return str(self.graph("POST", f"/{self.number}/media", body.encode(), headers=headers).body["id"])

    def template(self, name: str) -> str:
        body = {"type": "BODY", "text": "Hello there, this is it."}
        given = {"name": name, "language": "en_US", "category": "UTILITY", "components": [body]}
        return str(self.graph("POST", f"/{self.waba}/message_templates", given).body.get("id", ""))

    def seen(self) -> Any:
        """Everything that this world shows."""
        views = ("users", "messages", "journal?limit=20000", "webhooks", "templates", "world", "snapshot")
        return [self.control("GET", view) for view in views]


def test_same_seed(platform: Any) -> None:
    """Two worlds of one seed have the same ids, and tokens and secrets of their own."""
    one, two = Tenant(platform, name="one", seed=5), Tenant(platform, name="two", seed=5)
    assert (one.number, one.waba, one.app) == (two.number, two.waba, two.app)
    assert len({one.token, two.token, platform.world.access_token}) == 3
    assert one.secret != two.secret
    first, second = one.send("16505551234").body, two.send("16505551234").body
    assert first == second


def test_other_seed(platform: Any) -> None:
    """Worlds of different seeds have no id in common, and an id of the other one is unknown with one's own token."""
    one, two = Tenant(platform, seed=5), Tenant(platform, seed=6)
    assert not {one.number, one.waba, one.app} & {two.number, two.waba, two.app}
    for node in (two.number, two.waba, two.app):
        assert one.graph("GET", f"/{node}").error["error_subcode"] == 33


def test_ids_of_others(platform: Any) -> None:
    """Media, templates and tokens of one world are nothing in another."""
    one, two = Tenant(platform, seed=5), Tenant(platform, seed=6)
    media, template = two.upload(), two.template("mine")
    for node in (media, template):
        assert one.graph("GET", f"/{node}").error["error_subcode"] == 33
        assert one.graph("DELETE", f"/{node}").error["error_subcode"] == 33
    image = {"messaging_product": "whatsapp", "to": "16505551234", "type": "document", "document": {"id": media}}
    assert "media attachment ID" in one.graph("POST", f"/{one.number}/messages", image).error["message"]
    debugged = one.graph("GET", f"/debug_token?input_token={two.token}").body["data"]
    assert debugged["is_valid"] is False
    url = two.graph("GET", f"/{media}").body["url"]
    path = url[url.index("/whatsapp_business") :]
    assert two.graph("GET", path).raw == two.name.encode()
    assert one.graph("GET", path).status == 404


STEPS = st.tuples(
    st.integers(0, 2),
    st.sampled_from(["send", "write", "user", "template", "upload", "wait", "webhook", "policy", "snapshot", "block"]),
)


def step(tenant: Tenant, what: str) -> Any:
    """Something that happens in one world."""
    user = "16505551234"
    return {
        "send": lambda: tenant.send(user),
        "write": lambda: tenant.ask("POST", f"users/{user}/messages", {"type": "text", "text": {"body": "hi"}}),
        "user": lambda: tenant.control("PUT", f"users/{user}", {"name": f"Friend of {tenant.name}"}),
        "template": lambda: tenant.graph("GET", f"/{tenant.template('mine')}"),
        "upload": tenant.upload,
        "wait": lambda: tenant.control("POST", "clock/advance", {"seconds": 3}),
        "webhook": lambda: tenant.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"}),
        "policy": lambda: tenant.control("PATCH", "policy", {"read_after": 9}),
        "snapshot": lambda: tenant.control("PUT", "snapshot", tenant.control("GET", "snapshot")),
        "block": lambda: tenant.ask("POST", f"users/{user}/actions", {"action": "block"}),
    }[what]()


@settings(max_examples=20, deadline=None)
@given(st.lists(STEPS, max_size=20), st.integers(0, 2))
def test_interleaving(path: list[tuple[int, str]], watched: int) -> None:
    """Whatever happens in other worlds, in whichever order, a world is what it is without them."""
    together, alone = Platform(), Platform()
    try:
        tenants = [Tenant(together, name=f"w{number}", seed=number // 2) for number in range(3)]
        single = Tenant(alone, name=f"w{watched}", seed=watched // 2)
        for number, what in path:
            step(tenants[number], what)
            if number == watched:
                step(single, what)
        assert without_traces(tenants[watched].seen()) == without_traces(single.seen())
    finally:
        together.close()
        alone.close()


def without_traces(seen: Any) -> str:
    """What a world shows, without the ids that count the answers of a server."""
    assert "fbtrace_id" not in json.dumps(seen[-1])
    for entry in seen[2]["entries"]:
        if isinstance(entry.get("answer"), dict):
            entry["answer"].get("error", {}).pop("fbtrace_id", None)
    return json.dumps(seen)


def test_snapshot_of_another_world(platform: Any) -> None:
    """A world that takes the snapshot of another keeps its own tokens and secret; the other one keeps its own, too."""
    one, two = Tenant(platform, name="one", seed=5), Tenant(platform, name="two", seed=6)
    one.send("16505551234")
    two.control("PUT", "snapshot", one.control("GET", "snapshot"))
    found = two.control("GET", "world")
    assert (found["world"], found["access_token"], found["app_secret"]) == ("two", two.token, two.secret)
    assert found["phone_number_id"] == one.number
    assert one.control("GET", "world")["world"] == "one"
    platform.control("DELETE", "worlds/one")
    assert platform.control("GET", "world", token=one.token)["world"] == "two"
    again = Tenant(platform, name="one", seed=5)
    assert again.token == one.token
    assert again.control("GET", "world")["counts"]["messages"] == 0


def test_restored_files(platform: Any) -> None:
    """A snapshot brings its files with it, and those that came later are gone."""
    one = Tenant(platform, name="one")
    media, raw = one.upload(), one.control("GET", "snapshot")
    one.control("POST", "reset")
    other = Tenant(platform, name="other")
    other_media = other.upload()
    assert other_media == media
    other.control("PUT", "snapshot", raw)
    assert list(other.control("GET", "snapshot")["blobs"]) == list(raw["blobs"])
    path = other.graph("GET", f"/{media}").body["url"].partition("localhost")[2]
    assert other.graph("GET", path).raw == b"one"


def test_deleted(platform: Any) -> None:
    """A deleted world is gone: its token is nobody's, its name is free, and it begins anew."""
    one = Tenant(platform, name="one", seed=9)
    one.send("16505551234")
    platform.control("DELETE", "worlds/one")
    assert one.graph("GET", "/me").error["code"] == 190
    assert platform.hosts.by_node(one.number) is None
    again = Tenant(platform, name="one", seed=9)
    assert again.token == one.token
    assert again.control("GET", "messages")["messages"] == []


def test_deleted_while_busy(platform: Any) -> None:
    """A world that is deleted with webhooks and appointments open never does anything again."""
    one = Tenant(platform, name="one", clock={"mode": "real"})
    one.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    one.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    one.send("16505551234")
    host = platform.hosts.get("one")
    platform.control("DELETE", "worlds/one")
    before, count = len(platform.network.posted), host.entries.count
    host.wake()
    platform.settle()
    assert (before, count) == (len(platform.network.posted), host.entries.count)


def test_followers_of_a_deleted_world(platform: Any) -> None:
    """Who follows the journal of a world hears its end when it is deleted."""
    one = Tenant(platform, name="one")
    host = platform.hosts.get("one")

    async def follow() -> list[Any]:
        entries = host.follow()
        found: list[Any] = []

        async def read() -> None:
            found.extend([entry["kind"] async for entry in entries])

        reading = asyncio.ensure_future(read())
        await asyncio.sleep(0)
        host.note_call("GET", "/", 200, b"", b"", "", "")
        await asyncio.sleep(0)
        platform.hosts.delete("one")
        async with asyncio.timeout(5):
            await reading
        return found

    assert platform._runner.run(follow()) == ["call"]
    assert one.name not in platform.hosts.names()


def test_two_thousand_worlds(platform: Any) -> None:
    """Worlds that were made, used and deleted leave nothing behind, whatever was issued and removed in them."""
    hosts = platform.hosts
    alive: weakref.WeakSet[Any] = weakref.WeakSet()
    body = json.dumps(platform.text()).encode()

    async def use(number: int) -> None:
        host = hosts.create({"name": f"w{number}", "seed": number % 3, "clock": {"mode": "frozen", "now": common.NOON}})
        alive.add(host)
        world = host.world
        assert hosts.by_token(world.access_token)[0] is host
        if number % 50 == 0:  # a message with all that it leaves open, and a token that was used and is no more
            path = f"/{world.phone_number_id}/messages"
            scope = scope_of("POST", path, world.access_token)
            assert (await platform._exchange(scope, body)).status == 200
            spare = world.tokens[world.access_token]
            world.tokens["EAAspare"] = spare
            hosts.by_token("EAAspare")
            del world.tokens["EAAspare"]
        assert hosts.delete(f"w{number}")

    async def cycle() -> None:
        for number in range(2_000):
            await use(number)

    platform._runner.run(cycle())
    gc.collect()
    assert (len(alive), len(hosts.names()), len(hosts._tokens)) == (0, 1, 0)
    assert platform.control("GET", "world")["world"] == "default"


def scope_of(method: str, path: str, token: str) -> dict[str, Any]:
    """The ASGI scope of a call."""
    headers = [(b"authorization", b"Bearer " + token.encode()), (b"content-type", b"application/json")]
    return {"type": "http", "method": method, "path": path, "query_string": b"", "headers": headers, "scheme": "http"}


def send_many(platform: Any, count: int, every: int, users: int = 200) -> None:
    """So many messages to so many users in turn; after every so many the clock moves on by a minute."""

    async def send() -> None:
        scope = scope_of("POST", f"/{platform.number}/messages", platform.world.access_token)
        bodies = [json.dumps(platform.text(f"1650555{number:04d}")).encode() for number in range(users)]
        for number in range(count):
            reply = await platform._exchange(dict(scope), bodies[number % users])
            assert reply.status == 200
            if number % every == every - 1:
                await platform.host.advance(60_000)

    platform._runner.run(send())


def test_retention(platform: Any) -> None:
    """Thirty thousand messages leave what the policy keeps, and the world says what was dropped."""
    platform.control("PATCH", "policy", {"read_after": None})
    send_many(platform, 30_000, every=2_000)
    found = platform.control("GET", "world")
    counts, policy = found["counts"], found["policy"]
    assert counts["messages"] + counts["dropped"]["messages"] == 30_000
    assert policy["retained_messages"] <= counts["messages"] < policy["retained_messages"] + 500
    assert len(platform.host.entries._entries) == policy["retained_journal"]
    assert counts["journal"] == counts["dropped"]["journal"] + policy["retained_journal"]
    assert counts["pending"] == 0
    assert next(iter(platform.world.messages)) == platform.world.finished[0]


@pytest.mark.parametrize("status", [200, 500])
def test_pending_is_kept(platform: Any, status: int) -> None:
    """What is not told yet is never dropped, messages and webhooks alike; what is done with is, oldest first."""
    platform.control(
        "PATCH", "policy", {"retained_messages": 100, "retained_deliveries": 100, "webhook_retries": [500_000]}
    )
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    platform.network.status = status
    platform.control("PUT", "users/16505550000", {"behaviour": {"delivered_after": 86_400}})
    for number in range(2):  # the window of all of them is open
        platform.control("POST", f"users/1650555000{number}/messages", {"type": "text", "text": {"body": "hi"}})
    first = platform.send(platform.text("16505550000")).body["messages"][0]["id"]

    async def send() -> None:
        scope = scope_of("POST", f"/{platform.number}/messages", platform.world.access_token)
        body = json.dumps(platform.text("16505550001")).encode()
        for _ in range(1_500):
            await platform._exchange(dict(scope), body)
        await platform.host.advance(60_000)

    platform._runner.run(send())
    world = platform.world
    assert first in world.messages
    assert world.dropped["messages"] == 1_000
    assert len(world.messages) == 1_503 - 1_000
    pending = [one for one in world.deliveries.values() if one.state == "pending"]
    told = 2 + 1 + 1_500 * 3
    assert len(pending) == (0 if status == 200 else told)
    assert len(world.deliveries) + world.dropped.get("deliveries", 0) == told
    assert world.dropped.get("deliveries", 0) == (told - 100) // 500 * 500 * (status == 200)


def test_redelivered_is_counted_once(platform: Any) -> None:
    """A webhook that is delivered again by hand is kept and dropped as one; one that then fails is kept."""
    platform.control("PUT", "webhook", {"url": "http://127.0.0.1:9/webhook"})
    platform.control("POST", "users/16505551234/messages", {"type": "text", "text": {"body": "hi"}})
    platform.settle()
    (delivery,) = platform.world.deliveries.values()
    for _ in range(3):
        platform.control("POST", f"webhooks/{delivery.id}/redeliver")
        platform.settle()
    assert (len(delivery.attempts), platform.world.settled_deliveries) == (4, [delivery.id])
    platform.network.status = 500
    platform.control("POST", f"webhooks/{delivery.id}/redeliver")
    assert (delivery.state, platform.world.settled_deliveries) == ("pending", [])
    platform.network.status = 200
    platform.control("POST", "clock/advance", {"seconds": 100_000})
    assert (delivery.state, platform.world.settled_deliveries) == ("delivered", [delivery.id])
    assert len(delivery.attempts) == 6
