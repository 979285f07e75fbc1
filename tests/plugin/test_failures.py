"""What a test is told when its user waits in vain: every word of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent
from typing import Any
from urllib.parse import parse_qs

import pytest

from localwaba import User, Waba
from localwaba.client.failure import told
from pytest_localwaba.server import Server, open_server

WAIT = 0.05


@pytest.fixture(scope="module")
def waba_server() -> Iterator[Server]:
    """An emulator of this process, where nobody else's calls get into what is told."""
    server = open_server("", None)
    yield server
    server.stop()


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada", wa_id="16465550144")


def text_of(call: Any) -> str:
    """The text with which an expectation fails, without the addresses that differ from run to run."""
    with pytest.raises(AssertionError) as raised:
        call()
    text = re.sub(r"in (less than 1|\d+) ms", "in N ms", str(raised.value))
    return re.sub(r"http://127\.0\.0\.1:\d+", "http://app", text)


def number_of(app: Any) -> str:
    """The id of the number that the app sends from."""
    found: str = app.waba.phone_number_id
    return found


def plain(text: str) -> str:
    return dedent(text).strip("\n")


def test_nothing(app: Any, ada: User) -> None:
    """An app that says nothing: the expectation and the chat, nothing else."""
    ada.sends("hi")
    assert text_of(lambda: ada.receives("text", "Hello!", timeout=WAIT)) == plain(
        """
        Ada received nothing: the app answered the webhook with 200 in N ms and made no call (waited 0.05 s).

        Expected a message to Ada
          type 'text'
          text 'Hello!'

        Chat of Ada
          12:00:00 Ada: hi
        """
    )


def test_no_webhook(waba: Waba, ada: User) -> None:
    """An app that was never subscribed cannot answer: that is said."""
    ada.sends("hi")
    assert text_of(lambda: ada.receives(timeout=WAIT)) == plain(
        """
        Ada received nothing: the app sent nothing (waited 0.05 s).

        Expected a message to Ada
          any message

        Chat of Ada
          12:00:00 Ada: hi

        The app has no webhook, so it cannot know what users write: waba.webhook(url)
        """
    )


def test_something_else(app: Any, ada: User) -> None:
    """A near miss is shown with the letters that differ, and the member that is right beside it."""
    ada.sends("hi")
    app.send(ada.wa_id, body="Good evening")
    app.send(ada.wa_id, body="Hello Adam,\nhow are you?")
    wanted = "Hello Ada,\nhow are you?"
    assert text_of(lambda: ada.receives("text", wanted, timeout=WAIT)) == plain(
        """
        Ada did not receive that: the app sent 2 other messages (waited 0.05 s).

        Expected a message to Ada
          type 'text'
          text 'Hello Ada,\\nhow are you?'

        Nearest: message 2 of 2, read
            type = 'text'
          ! text differs (- expected, + received)
              - Hello Ada,
              + Hello Adam,
              ?          +
                how are you?

        Chat of Ada
          12:00:00 Ada: hi
                  12:00:00 the app: Good evening  (read)
                  12:00:00 the app: Hello Adam,
                                    how are you?  (read)
        """
    )


def test_other_buttons(app: Any, ada: User) -> None:
    """Members that are no texts are shown whole, each with what was expected."""
    ada.sends("hi")
    buttons = [{"type": "reply", "reply": {"id": title, "title": title}} for title in ("Yes", "Perhaps")]
    app.send(ada.wa_id, "interactive", type="button", body={"text": "Sure?"}, action={"buttons": buttons})
    pattern = re.compile(r"^Really")
    assert text_of(lambda: ada.receives(text=pattern, buttons=["Yes", "No"], timeout=WAIT)) == plain(
        """
        Ada did not receive that: the app sent 1 other message (waited 0.05 s).

        Expected a message to Ada
          text matching /^Really/
          buttons ['Yes', 'No']

        Nearest: message 1 of 1, read
          ! text = 'Sure?', expected: matching /^Really/
          ! buttons = ['Yes', 'Perhaps'], expected: ['Yes', 'No']

        Chat of Ada
          12:00:00 Ada: hi
                  12:00:00 the app: [interactive] Sure?  (read)
                           [Yes] [Perhaps]
        """
    )


@pytest.mark.waba(strict=False)
def test_refused(app: Any, ada: User) -> None:
    """A send that Graph refused: Meta's words, and beside them the rule and the fix."""
    ada.sends("hi")
    app.send(ada.wa_id, body="x" * 4097)
    why, _, fix = app.waba.refusals[0].why.partition(" Fix: ")
    assert fix
    assert text_of(lambda: ada.receives("text", timeout=WAIT)) == plain(
        f"""
        Ada received nothing: the app's send was refused with 100 (waited 0.05 s).

        Expected a message to Ada
          type 'text'

        Chat of Ada
          12:00:00 Ada: hi

        Refused calls of the app (1)
          POST /v26.0/{number_of(app)}/messages -> 400 (#100) Param text['body'] must be at most 4096 characters long.
              why: {why}
              fix: {fix}
        """
    )


@pytest.mark.waba(strict=False)
def test_failed(app: Any, ada: User) -> None:
    """A message that was taken and failed later: its code, its reason, and that it would have been the right one."""
    app.send(ada.wa_id, body="Are you still there?")
    app.waba.settle()
    why, _, fix = app.waba.messages()[0]["why"].partition(" Fix: ")
    assert fix
    assert text_of(lambda: ada.receives(text="Are you still there?", timeout=WAIT)) == plain(
        f"""
        Ada received nothing: the app's message failed with 131047 Re-engagement message (waited 0.05 s).

        Expected a message to Ada
          text 'Are you still there?'

        Nearest: message 1 of 1, failed with 131047
            text = 'Are you still there?'

        Chat of Ada
                  12:00:00 the app: Are you still there?  (failed)
                           failed with 131047 Re-engagement message
                           why: {why}
                           fix: {fix}
        """
    )


@pytest.mark.waba(strict=False)
def test_another_failed(app: Any, ada: User) -> None:
    """A failed message that was not the expected one is not taken for it."""
    app.send(ada.wa_id, body="Are you still there?")
    first = text_of(lambda: ada.receives(text="Good morning", timeout=WAIT)).splitlines()[0]
    assert first == (
        "Ada received nothing: what the app sent, another message, failed with 131047 Re-engagement message "
        "(waited 0.05 s)."
    )


def test_webhook_not_taken(app: Any, ada: User) -> None:
    """An app that answers its webhooks with an error: the webhook, its URL and the answer."""
    app.status = 500
    ada.sends("hi")
    assert text_of(lambda: ada.receives(timeout=WAIT)) == plain(
        """
        Ada received nothing: the app answered the webhook with 500 in N ms (waited 0.05 s).

        Expected a message to Ada
          any message

        Chat of Ada
          12:00:00 Ada: hi

        Webhooks that the app did not answer with 200 (1)
          messages: text -> http://app/webhook -> 500 no (2 tries)
        """
    )


def test_a_page_of_errors() -> None:
    """Of a page that the app answered with, its words are told, in one line."""
    page = "\n<!doctype html>\n<style>p { color: red }</style>\n<h1>Internal\nServer Error</h1>\n<p>We&#39;re sorry"
    delivery = {"field": "messages", "attempts": [{"url": "http://x/", "status": 500, "answer": page}]}
    assert told(delivery) == "messages -> http://x/ -> 500 Internal Server Error We're sorry"


def test_wrong_signature(app: Any, ada: User) -> None:
    """An app that takes a webhook for a forged one is told where its secret is."""
    app.status = 401
    ada.sends("hi")
    assert text_of(lambda: ada.receives(timeout=WAIT)).endswith(
        "-> 401 no (2 tries)\n  Webhooks are signed with waba.app_secret, which is APP_SECRET in waba.env"
    )


@pytest.mark.waba(strict=False)
def test_unknown_token(app: Any, ada: User) -> None:
    """An app with a token that no world knows: its calls, and where the right token is."""
    app.token = "EAAsomebodyelse"
    ada.sends("hi")
    app.send(ada.wa_id, body="Hello")
    assert text_of(lambda: ada.receives(timeout=WAIT)) == plain(
        f"""
        Ada received nothing: the app made no call with this world's token (waited 0.05 s).

        Expected a message to Ada
          any message

        Chat of Ada
          12:00:00 Ada: hi

        No call came with this world's token, but some with none or with one that no world knows (1)
          POST /v26.0/{number_of(app)}/messages -> 401 Invalid OAuth access token - Cannot parse access token
          Give the app waba.access_token, or its whole environment: waba.env
        """
    )


def test_received_before(app: Any, ada: User) -> None:
    """A message that an earlier call has returned is not found again, and the text says so."""
    ada.sends("hi")
    app.send(ada.wa_id, body="Hello")
    ada.receives(text="Hello")
    assert text_of(lambda: ada.receives(text="Hello", timeout=WAIT)) == plain(
        """
        Ada received nothing: the app sent nothing since (waited 0.05 s).

        Expected a message to Ada
          text 'Hello'

        A message like this was received before; only what came after it is looked at.

        Chat of Ada
          12:00:00 Ada: hi
                  12:00:00 the app: Hello  (read)
        """
    )


def test_unwanted(app: Any, ada: User) -> None:
    """A message where none was expected: what it was."""
    ada.sends("hi")
    app.send(ada.wa_id, body="Hello")
    assert text_of(lambda: ada.receives_nothing(within=WAIT)) == plain(
        """
        Ada received a message, expected none: text 'Hello'

        Chat of Ada
          12:00:00 Ada: hi
                  12:00:00 the app: Hello  (read)
        """
    )


def test_many_refusals(app: Any, ada: User) -> None:
    """Of many refusals the last twenty are shown, and how many there were."""
    with app.waba.refuses(100):
        for count in range(23):
            app.send(ada.wa_id, body="x" * (5000 + count))
    text = text_of(lambda: ada.receives(timeout=WAIT))
    assert "Refused calls of the app (23)\n  … 3 more before these\n" in text
    assert text.count("-> 400") == 20
    assert "got 5002" not in text
    assert "got 5022" in text


def test_unknown_member(ada: User) -> None:
    """A slip in the name of a member is told with the nearest one, at once."""
    with pytest.raises(TypeError, match=re.escape("a message has no 'button'; did you mean buttons?")):
        ada.receives(button=["Yes"])


def test_somebody_else_got_it(app: Any, waba: Waba, ada: User) -> None:
    """A message that went to another user is named, with whom it went to: two users were confused."""
    bob = waba.user("Bob", wa_id="16465550145")
    bob.sends("hi")
    ada.sends("hi")
    app.send(bob.wa_id, body="Hello!")
    assert text_of(lambda: ada.receives(text="Hello!", timeout=WAIT)) == plain(
        """
        Ada received nothing: a message like this went to Bob (16465550145) (waited 0.05 s).

        Expected a message to Ada
          text 'Hello!'

        Chat of Ada
          12:00:00 Ada: hi

        Messages of the app to others (1)
          to Bob (16465550145): Hello!  (read)
        """
    )


def test_others_got_something(app: Any, waba: Waba, ada: User) -> None:
    """To a user who is sent nothing, what others got is shown; what they got before the user wrote is not."""
    waba.user("Bob", wa_id="16465550145").sends("hi")
    app.send("16465550145", body="too early")
    ada.sends("hi")
    app.send("16465550145", body="Hello!")
    text = text_of(lambda: ada.receives(text="Bye", timeout=WAIT))
    assert text.startswith("Ada received nothing: the app answered the webhook with 200 in N ms, made 1 call and sent")
    assert text.endswith("Messages of the app to others (1)\n  to Bob (16465550145): Hello!  (read)")


def test_no_token_at_all(app: Any, waba: Waba, ada: User) -> None:
    """Calls without a token are told of, as those with an unknown one are."""
    ada.sends("hi")
    waba.link.of("").graph("POST", f"/v26.0/{waba.phone_number_id}/messages", {})
    with waba.refuses(104):
        waba.link.of("").graph("POST", f"/v26.0/{waba.phone_number_id}/messages", {})
    waba.expect(*(call.trace for call in waba.strangers()))
    text = text_of(lambda: ada.receives(timeout=WAIT))
    assert text.startswith("Ada received nothing: the app made no call with this world's token")
    assert "-> 400 An access token is required to request this resource." in text


@pytest.mark.waba(strict=False)
def test_strangers(app: Any, waba: Waba, waba_server: Any, ada: User) -> None:
    """Calls with an unknown token are a world's affair only if it was there when they came."""
    app.token = "EAAsomebodyelse"
    app.send(ada.wa_id, body="hi")
    assert [call.code for call in waba.strangers()] == [190]
    later = waba_server.new_world()
    assert later.strangers() == []
    later.close()


@pytest.mark.waba(strict=False)
def test_strangers_of_a_shared_emulator(waba: Waba, waba_server: Server) -> None:
    """Where several processes share the emulator, what somebody calls without a token is no verdict on this app."""

    async def quiet(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            challenge = parse_qs(scope["query_string"].decode()).get("hub.challenge", [""])[0]
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": challenge.encode()})

    world = Waba.create(waba_server.url, clock={"mode": "frozen", "now": "2026-01-01T12:00:00Z"})
    world.webhook(quiet)
    ada = world.user("Ada")
    ada.sends("hi")
    world.link.of("").graph("POST", "/v26.0/1/messages", {})
    assert text_of(lambda: ada.receives(timeout=WAIT)) == plain(
        """
        Ada received nothing: the app answered the webhook with 200 in N ms and made no call with this world's token (waited 0.05 s).

        Expected a message to Ada
          any message

        Chat of Ada
          12:00:00 Ada: hi

        Calls with no token, or with one that no world knows, came from this app or from one beside it (1)
          POST /v26.0/1/messages -> 400 An access token is required to request this resource.
          Give the app waba.access_token, or its whole environment: waba.env
        """  # noqa: E501
    )
    world.close()


def test_refusals_of_the_default_world(waba_server: Any) -> None:
    """The default world has the calls without a token for its own: each is one refusal."""
    default = waba_server.world
    with default.refuses(104) as refused:
        default.link.of("").graph("POST", "/v26.0/1/messages", {})
    assert [call.code for call in refused.calls] == [104]


def test_the_token_of_another_test(app: Any, waba: Waba, waba_server: Any, ada: User) -> None:
    """An app that was made for a world that has ended is told as that, and is no mistake of this test's app."""
    ended = waba_server.new_world()
    ended.close()
    app.token = ended.access_token
    app.send(ada.wa_id, body="hi")
    assert ada.wa_id not in {one["user"] for one in waba.messages()}
    text = text_of(lambda: ada.receives(timeout=WAIT))
    assert "One was of a world that has ended: make the app anew in each test, or in a fixture of it" in text
    assert waba.unexpected_strangers == []
    waba.expect(*(call.trace for call in waba.outdated))


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("txt", "there is no type of message 'txt'; did you mean text?"),
        ("Hi, Ada!", "there is no type of message 'Hi, Ada!'; for what can be read: receives(text='Hi, Ada!')"),
    ],
    ids=["misspelt", "a text"],
)
def test_no_such_type(ada: User, wanted: str, text: str) -> None:
    """A type that no message can have is told at once, and what was probably meant."""
    with pytest.raises(ValueError, match=re.escape(text)):
        ada.receives(wanted)
