"""What whoever writes a test gets wrong: told at once, in a line that says what was probably meant."""

from __future__ import annotations

import traceback
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from localwaba import AsyncWaba, ControlError, User, Waba
from localwaba.client.tracebacks import is_foreign


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada")


def told(kind: type[Exception], call: Any) -> str:
    """What a call is refused with."""
    with pytest.raises(kind) as raised:
        call()
    return str(raised.value)


def test_words_of_users(waba: Waba) -> None:
    """A word that users are not made of is told with the nearest one, be it of a behaviour or not."""
    assert told(TypeError, lambda: waba.user("Ada", contry="BR")) == "a user has no 'contry'; did you mean country?"


def test_time_goes_forward(waba: Waba) -> None:
    """Time cannot be turned back."""
    text = "time goes forward only, not by -7200 seconds"
    assert told(ValueError, lambda: waba.advance(hours=-2)) == text


def test_time_goes_by_a_timedelta(waba: Waba) -> None:
    """A span of time is also what Python calls one."""
    before = waba.now
    waba.advance(timedelta(hours=1), minutes=30)
    assert waba.now - before == timedelta(minutes=90)


@pytest.mark.parametrize("code", ["131047", True, None])
def test_codes(waba: Waba, code: Any) -> None:
    """A code that is no number would wait in vain for ever: it is told at once."""
    text = f"a code is a whole number, as in waba.refuses(131047), not {code!r}"
    assert told(TypeError, lambda: waba.refuses(code)) == text


def test_words_of_knobs(waba: Waba) -> None:
    """A knob that is one of some words names the nearest one, in a marker's world too."""
    text = "window_answer cannot be 'synch'; did you mean sync?"
    assert told(ControlError, lambda: waba.policy(window_answer="synch")) == text


def test_files(ada: User, tmp_path: Path) -> None:
    """A file that is not there is told without what Python did to open it."""
    missing = tmp_path / "tea.png"
    with pytest.raises(FileNotFoundError) as raised:
        ada.sends_image(missing)
    assert raised.value.filename == str(missing)
    assert raised.value.__suppress_context__
    assert not any("pathlib" in one.filename for one in traceback.extract_tb(raised.value.__traceback__))


def test_buttons(waba: Waba, ada: User) -> None:
    """A button that is not there is told with the nearest one, or with all that are."""
    ada.sends("Tea?")
    buttons = [{"type": "reply", "reply": {"id": "buy", "title": "Buy"}}]
    content = {"type": "button", "body": {"text": "Tea is 4 €."}, "action": {"buttons": buttons}}
    message = {"messaging_product": "whatsapp", "to": ada.wa_id, "type": "interactive", "interactive": content}
    waba.post(f"{waba.phone_number_id}/messages", message)
    assert told(ControlError, lambda: ada.taps("By")) == "no button or row has title 'By'; did you mean 'Buy'?"
    assert told(ControlError, lambda: ada.taps("Sell")) == "no button or row has title 'Sell'; there is 'Buy'"


def test_a_handshake_that_fails(waba: Waba) -> None:
    """A callback that is not verified: Meta's words, the reason and what to do, each on a line."""
    lines = told(ControlError, lambda: waba.webhook(Starlette())).split("\n")
    assert lines == [
        "(#2200) Callback verification failed with the following errors: "
        "HTTP Status Code = 404; HTTP Message = Not Found",
        "    why: the callback answered 404 where only 200 verifies",
        "    fix: Check the path: the callback URL needs a handler for GET, not only for POST.",
    ]


def test_a_startup_that_fails(waba: Waba) -> None:
    """What the startup of an app raises comes with the lines of the app and no others."""

    @asynccontextmanager
    async def lifespan(app: Any) -> Any:
        raise LookupError("no database")
        yield

    with pytest.raises(LookupError, match="no database") as raised:
        waba.webhook(Starlette(lifespan=lifespan))
    found = [one.filename for one in traceback.extract_tb(raised.value.__traceback__) if "lodging" not in one.filename]
    assert [name for name in found if is_foreign(name)] == [str(Path(__file__).parents[2] / _WABA)]


def test_installed_elsewhere() -> None:
    """A library is nobody's own code, in whichever environment it is installed."""
    assert is_foreign("/usr/lib/python3/dist-packages/flask/app.py")
    assert is_foreign("/home/ada/.local/lib/python3.12/site-packages/flask/app.py")
    assert not is_foreign("/home/ada/shop/app.py")


_WABA = "emulator/localwaba/client/waba.py"


@pytest.mark.anyio
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_refusals_of_async_tests(awaba: AsyncWaba) -> None:
    """An expected refusal that does not come is told where the block is, without the threads in between."""
    with pytest.raises(AssertionError, match="there was none") as raised:
        async with awaba.refuses(131047, timeout=0.01):
            pass
    assert {Path(one.filename).name for one in traceback.extract_tb(raised.value.__traceback__)} == {"test_slips.py"}


def test_an_app_that_hangs(waba: Waba, ada: User) -> None:
    """What a user does waits for an app that never answers as long as the world is patient, not twice that."""
    import threading

    released = threading.Event()

    def app(environ: Any, start_response: Any) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "POST":
            released.wait(60)
        start_response("200 OK", [])
        return [environ["QUERY_STRING"].partition("hub.challenge=")[2].partition("&")[0].encode()]

    asked: list[float] = []
    waba.webhook(app)
    waba.patience = 0.2
    wait = waba._lodging.wait

    def heard(timeout: float) -> bool:
        asked.append(timeout)
        return wait(timeout)

    waba._lodging.wait = heard  # type: ignore[method-assign]
    ada.sends("hi")
    released.set()
    waba.patience = 10.0
    assert asked[0] < 0.1
