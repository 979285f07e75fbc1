"""A world in Python: time, Graph, templates, snapshots, refusals."""

from __future__ import annotations

import gc
from datetime import UTC, datetime
from typing import Any

import pytest

from localwaba import ControlError, Emulator, User, Waba
from localwaba.cli.environment import environment
from localwaba.client import GraphError, Link, Unreachable


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada")


def text(to: str, body: str) -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": body}}


def test_environment(waba: Waba) -> None:
    """`env` holds the variables that `localwaba serve` prints."""
    assert waba.env == environment(waba.link.call("GET", "world"))


def test_time(waba: Waba) -> None:
    """Time stands still until it is told to pass, in any unit."""
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    assert waba.now == noon
    waba.advance(days=1, hours=2, minutes=3, seconds=4.5)
    assert (waba.now - noon).total_seconds() == 93_784.5


@pytest.mark.waba(strict=False)
def test_graph_of_the_test_itself(waba: Waba, ada: User) -> None:
    """`get` and `post` call Graph in the newest version, or in the one that the path names."""
    assert waba.get(waba.phone_number_id)["id"] == waba.phone_number_id
    waba.post(f"v23.0/{waba.phone_number_id}/messages", text(ada.wa_id, "hi"))
    assert [call.path.split("/")[1] for call in waba.calls] == ["v26.0", "v23.0"]


def test_refusal_of_the_test_itself(waba: Waba, ada: User) -> None:
    """A refused call of the test raises what Meta said and why; it is no mistake of the app."""
    with pytest.raises(GraphError) as raised:
        waba.post(f"{waba.phone_number_id}/messages", text(ada.wa_id, ""))
    assert (raised.value.status, raised.value.code) == (400, 100)
    assert "\n    why: " in str(raised.value)
    assert [call.code for call in waba.refusals] == [100]
    assert waba.unexpected_refusals == []


def test_templates(waba: Waba) -> None:
    """Meta's judgement names a template by its name, or by its language too where there are several."""
    waba.policy(review_outcome="pending")
    body = {"type": "BODY", "text": "Your order has left our roastery today."}
    for language in ("en_US", "de"):
        waba.post(
            f"{waba.waba_id}/message_templates",
            {"name": "order_left", "language": language, "category": "UTILITY", "components": [body]},
        )
    with pytest.raises(LookupError, match=r"several templates 'order_left': .*en_US.*de.*name the language too"):
        waba.templates.approve("order_left")
    assert waba.templates.approve("order_left", "de")["status"] == "APPROVED"
    assert waba.templates.reject("order_left", "SCAM", language="en_US")["rejected_reason"] == "SCAM"
    assert waba.templates.pause("order_left", "de")["status"] == "PAUSED"
    with pytest.raises(LookupError, match="there is no template 'order_lost'; there are: hello_world"):
        waba.templates.approve("order_lost")


def test_created_templates(waba: Waba) -> None:
    """A template is made in one line, judged as is wanted; what Meta would not take is told."""
    made = waba.templates.create("order_left", "Your order {{1}} has left our roastery today.")
    assert (made["status"], made["language"], made["category"]) == ("APPROVED", "en_US", "UTILITY")
    waiting = waba.templates.create("reminder", "See you tomorrow at our roastery.", language="de", status="PENDING")
    assert waiting["status"] == "PENDING"
    assert waba.templates.disable("order_left")["status"] == "DISABLED"
    parts = [{"type": "BODY", "text": "Hello {{1}}, welcome to our roastery.", "example": {"body_text": [["Ada"]]}}]
    assert waba.templates.create("welcome", components=parts, category="MARKETING")["components"] == parts
    with pytest.raises(GraphError, match="why: "):
        waba.templates.create("Order Left", "Hello")
    assert waba.unexpected_refusals == [waba.refusals[-1]]
    waba.expect(waba.refusals[-1].trace)


def test_snapshot(waba: Waba, ada: User) -> None:
    """A world that is restored has what it had."""
    ada.sends("before")
    taken = waba.snapshot()
    ada.sends("after")
    waba.restore(taken)
    assert [one.text for one in ada.chat] == ["before"]


def test_policy(waba: Waba) -> None:
    """Knobs are read and turned; a slip is refused with the nearest one."""
    assert waba.policy()["read_after"] == 0.0
    assert waba.policy(read_after=None)["read_after"] is None
    with pytest.raises(ControlError, match="read_after"):
        waba.policy(reads_after=1)


def test_refuses_at_once_and_later(app: Any, waba: Waba, ada: User) -> None:
    """A refusal that is expected may come at once or by a status; both are found."""
    with waba.refuses(131047) as refused:
        app.send(ada.wa_id, body="too early")
    assert [one.text for one in refused.messages] == ["too early"]
    ada.sends("hi")
    with waba.refuses(100, 131009) as refused:
        app.send(ada.wa_id, body="")
    assert [call.code for call in refused.calls] == [100]
    assert waba.unexpected_refusals == []
    assert waba.unexpected_failures == []


def test_refuses_the_test_itself(waba: Waba, ada: User) -> None:
    """A refused call of the test itself within the block is what was expected."""
    with waba.refuses(100):
        waba.post(f"{waba.phone_number_id}/messages", text(ada.wa_id, ""))
    with pytest.raises(GraphError), waba.refuses(131009):
        waba.post(f"{waba.phone_number_id}/messages", text(ada.wa_id, ""))


def test_refuses_nothing(app: Any, waba: Waba, ada: User) -> None:
    """Where nothing is refused, the block fails and tells what was called."""
    ada.sends("hi")
    with pytest.raises(AssertionError) as raised, waba.refuses(131047, timeout=0.01):
        app.send(ada.wa_id, body="in time")
    assert str(raised.value) == (
        "expected a refusal with 131047, there was none\n\n"
        f"Calls meanwhile (1)\n  POST /v26.0/{waba.phone_number_id}/messages -> 200"
    )
    with pytest.raises(AssertionError, match="The app made no call meanwhile"), waba.refuses(timeout=0.01):
        pass


def test_refuses_several(app: Any, waba: Waba, ada: User) -> None:
    """Every refusal with the code is expected, however many; one with another code stays a mistake."""
    with waba.refuses(100) as refused:
        app.send(ada.wa_id, body="")
        app.send(ada.wa_id, body="x" * 5000)
        app.send(ada.wa_id, "template", name="no_such", language={"code": "en_US"})
    assert [call.code for call in refused.calls] == [100, 100]
    assert [call.code for call in waba.unexpected_refusals] == [132001]
    waba.expect(waba.refusals[-1].trace)


@pytest.mark.waba(strict=False)
def test_refuses_a_code_that_is_none(app: Any, waba: Waba, ada: User) -> None:
    """A slip in a code is told with the nearest one that the platform has."""
    with pytest.raises(AssertionError) as raised, waba.refuses(131074, timeout=0.01):
        app.send(ada.wa_id, body="too early")
    assert str(raised.value).endswith("\n\nThe platform has no error 131074; did you mean 131047?")


def test_refuses_within_its_time(app: Any, waba: Waba, ada: User) -> None:
    """A refusal that comes in the background after the block's last line is waited for."""
    import threading

    begun = threading.Event()
    worker = threading.Thread(target=lambda: (begun.wait(10), app.send(ada.wa_id, body="")))
    worker.start()
    with waba.refuses(100, timeout=10):
        begun.set()
    worker.join()


def test_refuses_does_not_hide_exceptions(waba: Waba) -> None:
    """An exception of the test itself leaves the block as it is."""
    with pytest.raises(ZeroDivisionError), waba.refuses(100, timeout=0.01):
        1 / 0  # noqa: B018


def test_refused_before(app: Any, waba: Waba, ada: User) -> None:
    """What was refused before the block is not what the block expects."""
    with waba.refuses(100):
        app.send(ada.wa_id, body="")
    with pytest.raises(AssertionError, match="there was none"), waba.refuses(100, timeout=0.01):
        pass


@pytest.mark.waba(strict=False)
def test_refuses_something_else(app: Any, waba: Waba, ada: User) -> None:
    """A refusal with another code is shown instead."""
    with pytest.raises(AssertionError) as raised, waba.refuses(131026, timeout=0.01):
        app.send(ada.wa_id, body="too early")
    assert str(raised.value) == (
        "expected a refusal with 131026, but the app was refused otherwise\n\n"
        f"Refused instead (1)\n  text message to {ada.wa_id} failed with 131047: {waba.messages()[0]['why']}"
    )


def test_isolation(waba: Waba, waba_server: Any, ada: User) -> None:
    """Worlds of one seed share ids and nothing else: tokens, messages and users of one are not the other's."""
    other = waba_server.new_world(seed=waba.seed)
    try:
        assert (other.phone_number_id, other.app_id) == (waba.phone_number_id, waba.app_id)
        assert (other.access_token, other.app_secret) != (waba.access_token, waba.app_secret)
        ada.sends("only here")
        assert other.messages() == []
        other.post(f"{other.phone_number_id}/messages", text(ada.wa_id, "only there"))
        assert [one["text"] for one in waba.messages()] == ["only here"]
        assert waba.calls == []
    finally:
        other.close()
    with pytest.raises(ControlError, match="no world of this server has this access token"):
        other.messages()


def test_emulator() -> None:
    """`Emulator` serves a default world and others for the length of its block."""
    with Emulator(seed=7, clock_mode="frozen") as emulator:
        assert emulator.world.seed == 7
        assert emulator.user("Ada").name == "Ada"
        other = emulator.new_world(seed=8)
        assert other.seed == 8
        other.close()
        link = Link(emulator.url)
    with pytest.raises(Unreachable):
        link.call("GET", "health")
    with pytest.raises(RuntimeError, match="the emulator is not running"):
        emulator.url  # noqa: B018


def test_emulator_is_a_guest() -> None:
    """The garbage collector of the process that it runs in stays as it was."""
    before = gc.get_threshold(), gc.get_freeze_count()
    with Emulator():
        assert (gc.get_threshold(), gc.get_freeze_count()) == before


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        ({"sede": 1}, TypeError, "an emulator has no setting 'sede'; did you mean seed?"),
        ({"seed": "many"}, ValueError, "seed"),
        ({"clock_mode": "scaled"}, ValueError, "scaled needs a rate"),
    ],
)
def test_emulator_with_a_slip(settings: dict[str, Any], error: type[Exception], message: str) -> None:
    """A setting that there is not, or that makes no sense, is told before anything starts."""
    with pytest.raises(error, match=message):
        Emulator(**settings)
