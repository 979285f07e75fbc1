"""A journal of events is all there is to a world: replayed, repeated or restored, it is the same world."""

from __future__ import annotations

import json
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from localwaba.domain.applying import apply
from localwaba.domain.world import snapshot
from neighbours import load

Platform: Any = load("http/conftest").Platform
SENDS: dict[str, Any] = {
    kind: message
    for kind, message in load("contract/test_limits").VALID.items()
    if kind in ("text", "image", "contacts", "location", "list", "buttons", "reaction", "template", "template text")
} | {
    "hello": {
        "messaging_product": "whatsapp",
        "type": "template",
        "template": {"name": "hello_world", "language": {"code": "en_US"}},
    },
    "buttons": {
        "messaging_product": "whatsapp",
        "type": "interactive",
        "interactive": {
            "type": "button",
            "body": {"text": "Which?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "1", "title": "One"}}]},
        },
    },
    "link": {"messaging_product": "whatsapp", "type": "image", "image": {"link": "http://127.0.0.1:9/a.png"}},
}
USERS = ("16505551234", "447700900123", "15550131026", "15550900006", "15550900005", "15550130429", "15550900003")
SPANS = (0, 0.3, 2, 60, 3_600, 90_000, 700_000, 2_700_000)
NAMES = ("first", "second")
FAULTS = (
    "duplicate-delivery",
    "late-delivery",
    "backlog-after-downtime",
    "messages-hours-later-out-of-order",
    "statuses-reversed",
    "statuses-shuffled-with-repeats",
    "duplicate-status",
    "",
)
"""Presets; the empty one clears them."""

users = st.just(USERS[0]) | st.sampled_from(USERS)
names = st.sampled_from(NAMES)
steps = st.one_of(
    st.tuples(st.just("send"), st.sampled_from(sorted(SENDS)), users),
    st.tuples(st.just("write"), users, st.sampled_from(["text", "image", "reaction", "location", "ad"])),
    st.tuples(
        st.just("act"),
        users,
        st.sampled_from(["tap", "block", "unblock", "read", "stop_marketing", "resume_marketing", "change_number"]),
    ),
    st.tuples(st.just("wait"), st.sampled_from(SPANS)),
    st.tuples(
        st.just("user"), users, st.sampled_from([{"answers": "{text}"}, {"read_after": None}, {"fails_with": 131049}])
    ),
    st.tuples(st.just("template"), names),
    st.tuples(st.just("judge"), names, st.sampled_from(["APPROVED", "PAUSED", "REJECTED", "DISABLED"])),
    st.tuples(st.just("remove"), names),
    st.tuples(st.just("profile"), st.sampled_from(["Open", "Closed"])),
    st.tuples(st.just("upload")),
    st.tuples(st.just("forget")),
    st.tuples(st.just("session"), st.sampled_from([b"12345", b"123"])),
    st.tuples(st.just("webhook"), st.sampled_from(["/a", "/b", ""])),
    st.tuples(st.just("app answers"), st.sampled_from([200, 500, None])),
    st.tuples(st.just("redeliver")),
    st.tuples(st.just("mark"), st.booleans()),
    st.tuples(
        st.just("policy"),
        st.sampled_from([{"delivered_after": 5}, {"webhook_retries": [1, 100]}, {"read_after": None}]),
    ),
    st.tuples(st.just("number"), st.sampled_from([{"quality_rating": "RED"}, {"messaging_limit": "TIER_1K"}])),
    st.tuples(st.just("event"), st.sampled_from(["account_update", "security", "phone_number_quality_update"])),
    st.tuples(st.just("register"), st.sampled_from(["register", "deregister"]), st.sampled_from(["123456", "000000"])),
    st.tuples(st.just("token"), st.sampled_from(["fb_exchange_token", "client_credentials"])),
    st.tuples(st.just("fault"), st.sampled_from(FAULTS)),
    st.tuples(
        st.just("group"), st.sampled_from(["make", "send", "rename", "reset", "remove", "approve", "delete"]), users
    ),
    st.tuples(
        st.just("in group"),
        st.sampled_from(["join_group", "leave_group", "read", "write", "suspend", "resume"]),
        users,
    ),
    st.tuples(st.just("call"), st.sampled_from(["enable", "connect", "accept", "terminate"]), users),
    st.tuples(st.just("phone"), st.sampled_from(["allow", "call", "answer_call", "decline_call", "hang_up"]), users),
    st.tuples(st.just("block list"), st.sampled_from(["POST", "DELETE"]), users),
    st.tuples(st.just("qr code"), st.booleans()),
    st.tuples(st.just("settle")),
)
BEGINNING = [
    ("webhook", "/a"),
    ("write", USERS[0], "text"),
    ("send", "buttons", USERS[0]),
    ("template", "first"),
    ("wait", 60),
]
GROUPED = [
    ("webhook", "/a"),
    ("group", "make", USERS[0]),
    ("in group", "join_group", USERS[0]),
    ("in group", "join_group", USERS[1]),
    ("in group", "write", USERS[0]),
    ("group", "send", USERS[0]),
]
CALLING = [
    ("webhook", "/a"),
    ("number", {"messaging_limit": "TIER_10K"}),
    ("call", "enable", USERS[0]),
    ("phone", "allow", USERS[0]),
    ("call", "connect", USERS[0]),
]
walks = st.lists(steps, max_size=18) | st.lists(steps, max_size=14).map(lambda walk: [*BEGINNING, *walk])
walks |= st.tuples(st.sampled_from([GROUPED, CALLING]), st.lists(steps, max_size=10)).map(
    lambda two: [*two[0], *two[1]]
)


def perform(platform: Any, step: tuple[Any, ...]) -> Any:
    """The reply to one step; that it is refused is as good as anything."""
    return STEPS[step[0]](platform, *step[1:])


def ask(platform: Any, method: str, path: str, body: Any = None) -> Any:
    return platform.ask(method, f"/_localwaba/{path}", body)


def send(platform: Any, kind: str, user: str) -> Any:
    return platform.send(SENDS[kind] | {"to": user})


def write(platform: Any, user: str, kind: str) -> Any:
    last = next(reversed(platform.world.messages), "wamid.x")
    content: dict[str, Any] = {
        "text": {"type": "text", "text": {"body": "hi"}},
        "image": {"type": "image", "image": {"caption": "look"}},
        "reaction": {"type": "reaction", "reaction": {"message_id": last, "emoji": "😀"}},
        "location": {"type": "location", "location": {"latitude": 1.5, "longitude": -2}},
        "ad": {
            "type": "text",
            "text": {"body": "hi"},
            "referral": {"source_url": "http://x", "source_type": "ad", "source_id": "1"},
        },
    }[kind]
    return ask(platform, "POST", f"users/{user}/messages", content)


def act(platform: Any, user: str, action: str) -> Any:
    beside = {"tap": {"title": "One"}, "change_number": {"to": "16505559999"}}.get(action, {})
    return ask(platform, "POST", f"users/{user}/actions", {"action": action} | beside)


def template(platform: Any, name: str) -> Any:
    body = {"type": "BODY", "text": "Hello there {{1}}, this is it.", "example": {"body_text": [["you"]]}}
    given = {"name": name, "language": "en_US", "category": "UTILITY", "components": [body]}
    return platform.graph("POST", f"/{platform.world.waba_id}/message_templates", given)


def judge(platform: Any, name: str, status: str) -> Any:
    found = [one.id for one in platform.world.templates.values() if one.name == name]
    return ask(platform, "PATCH", f"templates/{found[-1] if found else 1}", {"status": status})


def upload(platform: Any) -> Any:
    head = '--x\r\nContent-Disposition: form-data; name="{}"{}\r\n\r\n{}\r\n'
    parts = [("messaging_product", "", "whatsapp"), ("type", "", "text/plain")]
    body = "".join(head.format(*part) for part in parts)
    body += head.format("file", '; filename="a"\r\nContent-Type: text/plain', "hi") + "--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    return platform.graph("POST", f"/{platform.number}/media", body.encode(), headers=headers)


def upload_in_pieces(platform: Any, piece: bytes) -> Any:
    query = "file_name=a.jpg&file_length=5&file_type=image/jpeg"
    made = platform.graph("POST", f"/{platform.world.app_id}/uploads?{query}").body
    path, _, asked = made.get("id", "upload:x").partition("?")
    return platform.graph("POST", f"/{path}", piece, headers={"file_offset": "0"}, query=asked)


def webhook(platform: Any, path: str) -> Any:
    if not path:
        return ask(platform, "DELETE", "webhook")
    return ask(platform, "PUT", "webhook", {"url": f"http://127.0.0.1:9{path}"})


def app_answers(platform: Any, status: int | None) -> None:
    platform.network.status = status


def redeliver(platform: Any) -> Any:
    last = next(reversed(platform.world.deliveries), "none")
    return ask(platform, "POST", f"webhooks/{last}/redeliver")


def mark(platform: Any, typing: bool) -> Any:
    received = [one.id for one in platform.world.messages.values() if not one.outbound]
    body = {"messaging_product": "whatsapp", "status": "read", "message_id": received[-1] if received else "wamid.x"}
    return platform.send(body | ({"typing_indicator": {"type": "text"}} if typing else {}))


def register(platform: Any, edge: str, pin: str) -> Any:
    return platform.graph("POST", f"/{platform.number}/{edge}", {"messaging_product": "whatsapp", "pin": pin})


def token(platform: Any, grant: str) -> Any:
    world = platform.world
    query = f"grant_type={grant}&client_id={world.app_id}&client_secret={world.apps[world.app_id].secret}"
    return platform.graph("GET", f"/oauth/access_token?{query}&fb_exchange_token={world.access_token}")


def group(platform: Any, what: str, user: str) -> Any:
    product = {"messaging_product": "whatsapp"}
    last = next(reversed(platform.world.groups), "Y2Fw")
    requests = [one.id for each in platform.world.groups.values() for one in each.requests] or ["none"]
    mode = "approval_required" if len(platform.world.groups) % 2 else "auto_approve"
    text = {"recipient_type": "group", "to": last, "type": "text", "text": {"body": "all"}}
    method, path, body = {
        "make": ("POST", f"{platform.number}/groups", {"subject": "Readers", "join_approval_mode": mode}),
        "send": ("POST", f"{platform.number}/messages", text),
        "rename": ("POST", last, {"subject": "Writers"}),
        "reset": ("POST", f"{last}/invite_link", {}),
        "remove": ("DELETE", f"{last}/participants", {"participants": [{"user": user}]}),
        "approve": ("POST", f"{last}/join_requests", {"join_requests": requests}),
        "delete": ("DELETE", last, {}),
    }[what]
    return platform.graph(method, f"/{path}", product | body)


def in_group(platform: Any, what: str, user: str) -> Any:
    last = next(reversed(platform.world.groups), "Y2Fw")
    if what in ("suspend", "resume"):
        return ask(platform, "PATCH", f"groups/{last}", {"suspended": what == "suspend"})
    if what == "write":
        body = {"type": "text", "text": {"body": "hi all"}, "group_id": last}
        return ask(platform, "POST", f"users/{user}/messages", body)
    return ask(platform, "POST", f"users/{user}/actions", {"action": what, "group_id": last})


def call(platform: Any, what: str, user: str) -> Any:
    if what == "enable":
        calling = {"status": "ENABLED", "callback_permission_status": "ENABLED"}
        return platform.graph("POST", f"/{platform.number}/settings", {"calling": calling})
    last = next(reversed(platform.world.calls), "wacid.x")
    kind = "offer" if what == "connect" else "answer"
    body = {"messaging_product": "whatsapp", "action": what, "session": {"sdp_type": kind, "sdp": "v=0"}}
    body |= {"to": user} if what == "connect" else {"call_id": last}
    return platform.graph("POST", f"/{platform.number}/calls", body)


def phone(platform: Any, what: str, user: str) -> Any:
    if what != "allow":
        return ask(platform, "POST", f"users/{user}/actions", {"action": what})
    reply = {"type": "call_permission_reply", "call_permission_reply": {"response": "accept"}}
    return ask(platform, "POST", f"users/{user}/messages", {"type": "interactive", "interactive": reply})


def block_list(platform: Any, method: str, user: str) -> Any:
    body = {"messaging_product": "whatsapp", "block_users": [{"user": user}]}
    return platform.graph(method, f"/{platform.number}/block_users", body)


def qr_code(platform: Any, is_new: bool) -> Any:
    last = next(reversed(platform.world.qr_codes), "X")
    if not is_new:
        return platform.graph("DELETE", f"/{platform.number}/message_qrdls/{last}")
    return platform.graph("POST", f"/{platform.number}/message_qrdls", {"prefilled_message": "Hi"})


def fault(platform: Any, preset: str) -> Any:
    return ask(platform, "POST", "faults", {"preset": preset}) if preset else ask(platform, "DELETE", "faults")


STEPS: dict[str, Any] = {
    "group": group,
    "in group": in_group,
    "call": call,
    "phone": phone,
    "block list": block_list,
    "qr code": qr_code,
    "fault": fault,
    "send": send,
    "write": write,
    "act": act,
    "wait": lambda platform, seconds: ask(platform, "POST", "clock/advance", {"seconds": seconds}),
    "user": lambda platform, user, behaviour: ask(platform, "PUT", f"users/{user}", {"behaviour": behaviour}),
    "template": template,
    "judge": judge,
    "remove": lambda platform, name: platform.graph(
        "DELETE", f"/{platform.world.waba_id}/message_templates?name={name}"
    ),
    "profile": lambda platform, about: platform.graph(
        "POST", f"/{platform.number}/whatsapp_business_profile", {"messaging_product": "whatsapp", "about": about}
    ),
    "upload": upload,
    "forget": lambda platform: platform.graph("DELETE", f"/{next(reversed(platform.world.media), '1')}"),
    "session": upload_in_pieces,
    "webhook": webhook,
    "app answers": app_answers,
    "redeliver": redeliver,
    "mark": mark,
    "policy": lambda platform, changes: ask(platform, "PATCH", "policy", changes),
    "number": lambda platform, changes: ask(platform, "PATCH", f"phone_numbers/{platform.number}", changes),
    "event": lambda platform, field: ask(platform, "POST", "platform-events", {"field": field}),
    "register": register,
    "token": token,
    "settle": lambda platform: ask(platform, "POST", "settle", {}),
}


def walk(platform: Any, path: list[tuple[Any, ...]]) -> list[Any]:
    """The replies to all steps; fails at the first accident."""
    replies = [perform(platform, step) for step in path]
    accidents = [(step, reply) for step, reply in zip(path, replies, strict=True) if reply and reply.status >= 500]
    assert accidents == []
    return replies


class Apart:
    """Several platforms that know nothing of each other, for one example."""

    def __init__(self) -> None:
        self._made: list[Any] = []

    def __call__(self) -> Any:
        self._made.append(Platform())
        return self._made[-1]

    def __enter__(self) -> Apart:
        return self

    def __exit__(self, *_: object) -> None:
        for platform in self._made:
            platform.close()


def told(platform: Any, after: int = 0) -> list[bytes]:
    """The webhook bodies that the app got, in order."""
    return [delivery.body for delivery, _ in platform.network.posted[after:]]


def plain(reply: Any) -> Any:
    """A reply without what counts the answers of a server: a snapshot has the world, not what was said about it."""
    if reply is None:
        return None
    body = json.loads(reply.raw)
    if isinstance(body, dict) and "settled" in body:
        body = {name: value for name, value in body.items() if name not in ("refusals", "strangers")}
    if isinstance(body, dict) and isinstance(body.get("error"), dict):
        body["error"].pop("fbtrace_id")
    return reply.status, body


def written_out(value: Any) -> Any:
    """A value as JSON with every member, also those that snapshots leave out because they are as by default."""
    if isinstance(value, msgspec.Struct):
        members = {name: written_out(getattr(value, name)) for name in value.__struct_fields__}
        return {"": type(value).__name__} | members
    if isinstance(value, dict):
        return [[key, written_out(member)] for key, member in value.items()]
    return [written_out(one) for one in value] if isinstance(value, (list, tuple)) else value


@settings(max_examples=50, deadline=None)
@given(walks)
@example([("webhook", "/a"), ("app answers", 500), ("write", USERS[0], "text"), ("wait", 2), ("wait", 90_000)])
@example([("write", USERS[0], "text"), ("send", "link", USERS[0]), ("settle",), ("wait", 2)])
@example([("write", USERS[0], "text"), ("block list", "POST", USERS[0]), ("write", USERS[0], "text")])
def test_replay(path: list[tuple[Any, ...]]) -> None:
    """The events of a journal, applied to a new world of the same seed, make the same world, byte for byte."""
    with Apart() as apart:
        platform, base = apart(), apart().world
        walk(platform, path)
        for event, drawn in platform.host.entries.events():
            apply(base, event)
            base.drawn = drawn
        assert written_out(base) == written_out(platform.world)
        assert snapshot(base) == snapshot(platform.world)


@settings(max_examples=30, deadline=None)
@given(walks)
@example(
    [("webhook", "/a"), ("write", USERS[0], "ad"), ("send", "buttons", USERS[0]), ("wait", 2), ("act", USERS[0], "tap")]
)
def test_repetition(path: list[tuple[Any, ...]]) -> None:
    """The same seed, calls and clock give the same answers, webhooks and snapshot, byte for byte."""
    with Apart() as apart:
        one, two = apart(), apart()
        assert [reply and reply.raw for reply in walk(one, path)] == [reply and reply.raw for reply in walk(two, path)]
        assert told(one) == told(two)
        assert one.host.snapshot() == two.host.snapshot()


@settings(max_examples=30, deadline=None)
@given(walks, walks)
@example([("write", USERS[0], "text"), ("upload",), ("template", "first")], [("send", "text", USERS[0]), ("wait", 60)])
@example([("webhook", "/a"), ("app answers", 500), ("write", USERS[0], "text")], [("app answers", 200), ("wait", 60)])
@example([("call", "enable", "16505551234")], [("settle",)])
def test_restored(before: list[tuple[Any, ...]], after: list[tuple[Any, ...]]) -> None:
    """A world that is restored from a snapshot has the future of the one it was taken of."""
    with Apart() as apart:
        one, two = apart(), apart()
        walk(one, [*before, ("settle",)])
        two.network.status = one.network.status
        two.control("PUT", "snapshot", one.ask("GET", "/_localwaba/snapshot").raw)
        assert two.host.snapshot() == one.host.snapshot()
        seen = len(told(one))
        assert [plain(reply) for reply in walk(one, after)] == [plain(reply) for reply in walk(two, after)]
        assert told(one, seen) == told(two)
        assert two.host.snapshot() == one.host.snapshot()


def test_restored_in_flight() -> None:
    """What was on its way when the snapshot was taken is sent again after it is restored."""
    with Apart() as apart:
        one, two = apart(), apart()
        one.network.status = 500
        walk(one, [("webhook", "/a"), ("policy", {"webhook_retries": [100]}), ("write", USERS[0], "text"), ("settle",)])
        raws = []

        def look(*_: Any) -> None:  # the app is asked again, and has not answered yet
            raws.append(one.host.snapshot())

        one.network.post = seen_by(one.network.post, look)
        one.control("POST", "clock/advance", {"seconds": 100})
        two.control("PUT", "snapshot", raws[0])
        assert told(two) == told(one)[:1]


def seen_by(post: Any, look: Any) -> Any:
    """A way to send that is watched."""

    def watched(*given: Any) -> None:
        look()
        post(*given)

    return watched
