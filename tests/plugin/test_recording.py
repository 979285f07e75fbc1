"""A journal becomes a scenario: it can be read, it says what happened, and playing it again passes or fails alike."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from localwaba import Emulator, User, Waba
from localwaba.domain.media_samples import sample
from localwaba.domain.policy import INSTANT, Policy
from localwaba.runtime.player import play, world_options
from localwaba.runtime.recording import record
from localwaba.runtime.retelling import Known
from localwaba.runtime.writing import expected, key_of, literal, span
from localwaba.samples.bot import make_app
from localwaba_scenarios.loader import load, read
from localwaba_scenarios.model import Pattern, Replies, Scenario
from localwaba_scenarios.nodes import parse
from localwaba_scenarios.reading import Reader, span_of


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada Lovelace")


def told(waba: Waba, **more: Any) -> list[str]:
    """The steps of a recording of a world."""
    entries = waba.link.call("GET", "journal", query={"limit": 20_000})["entries"]
    text = record(entries, "A test", Known(policy=waba.policy(), templates=waba.templates(), **more))
    read(text)
    return [line.strip() for line in text.partition("steps:\n")[2].splitlines()]


def scenario_of(waba: Waba, **more: Any) -> Scenario:
    entries = waba.link.call("GET", "journal", query={"limit": 20_000})["entries"]
    known = Known(policy=waba.policy(), templates=waba.templates(), **more)
    (found,) = read(record(entries, "A test", known))
    return found


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
        max_leaves=8,
    )
)
@example(["\ue03f?", {"\ue040": "\\ue041"}])
def test_literals(value: Any) -> None:
    """Whatever is written is read again as it was."""
    (node,) = parse(f"a: [{literal(value)}]", "x")
    ((_, items),) = node.entries  # type: ignore[union-attr]
    assert Reader({}).json(items) == [value]


@given(st.text(min_size=1))
def test_expected_texts(text: str) -> None:
    """A text that is expected is found again, to the letter, whatever it looks like."""
    (node,) = parse(f"a: [{literal(expected(text))}]", "x")
    ((_, items),) = node.entries  # type: ignore[union-attr]
    (wanted,) = Reader({}).wanted(items, textual=True)
    assert wanted == text or (isinstance(wanted, Pattern) and text.startswith("/"))


@given(st.integers(1, 10**11))
def test_spans(milliseconds: int) -> None:
    """A time is read again as it was."""
    assert span_of(span(milliseconds)) == pytest.approx(milliseconds / 1000)


def test_keys() -> None:
    """People are called by their first names, each by another word."""
    assert [key_of("Ana Souza", ()), key_of("Ana", ("ana",)), key_of("李 雷", ()), key_of("4711", ())] == [
        "ana", "ana2", "李", "user_4711",
    ]  # fmt: skip


def test_what_users_do(app: Any, waba: Waba, ada: User) -> None:
    """Each thing that users can do becomes its sentence, what the app sent is expected."""
    buttons = [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]
    ada.sends("Hi: ${there}")
    app.send(ada.wa_id, "interactive", type="button", body={"text": "Sure?"}, action={"buttons": buttons})
    ada.taps("Yes")
    ada.reacts("👍")
    ada.reacts("")
    ada.sends_document(caption="The menu")
    ada.sends_image(b"\x89PNG\r\n\x1a\n" + b"\0" * 40)
    ada.sends_location(52.5, 13.4)
    app.send(ada.wa_id, body="/all/")
    ada.sends("quoting", reply_to=ada.inbox[-1])
    ada.blocks()
    ada.unblocks()
    ada.stops_marketing()
    ada.reports("SPAM")
    waba.advance(hours=25)
    ada.does("change_number", to="16465550155")
    waba.user(wa_id="16465550155").sends("new")
    assert told(waba) == [
        '- ada says: "Hi: $${there}"',
        '- app replies to ada: {type: interactive, text: "Sure?", buttons: ["Yes"]}',
        '- ada taps: "Yes"',
        '- ada reacts: "👍"',
        "- ada takes back the reaction",
        "- ada sends document: {caption: The menu}",
        "- ada sends image",
        "# a sample stands for a file of the recording: image/png",
        "- ada sends location: {latitude: 52.5, longitude: 13.4}",
        '- app replies to ada: "/^/all/$/"',
        "- ada replies: quoting",
        "- ada blocks",
        "- ada unblocks",
        "- ada stops marketing",
        "- ada does: {action: report, reason: SPAM}",
        "- 1 day 1 hour pass",
        '- ada does: {action: change_number, to: "16465550155"}',
        "- ada says: new",
    ]


def test_what_meta_does(waba: Waba) -> None:
    """Meta's decisions, knobs and faults become steps; what the agenda does by itself does not."""
    waba.user("Ada", read_after=3.0, answers="ok")
    waba.faults.add("http_error", status=503, when={"next": 2}, match={"operation": "send_message"})
    waba.faults.preset("statuses-reversed")
    waba.faults.clear()
    waba.templates.pause("hello_world")
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"quality_rating": "RED"})
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"messaging_limit": "TIER_2K"})
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"name_status": "DECLINED"})
    waba.link.call("PATCH", f"accounts/{waba.waba_id}", {"disable_in": 604_800})
    waba.link.call("POST", "platform-events", {"field": "account_alerts"})
    found = told(waba, ended=int(waba.now.timestamp() * 1000) + 90_000)
    assert [line.partition(" value:")[0].partition(" {kind:")[0] for line in found] == [
        "- fault:",
        "- fault: " + found[1].partition("fault: ")[2],
        "- no faults",
        "- meta pauses template: hello_world",
        "- meta changes number: {quality_rating: RED}",
        "- meta changes number: {messaging_limit: TIER_2K}",
        "- meta changes number: {name_status: DECLINED, rejection_reason: NAME_FORMAT_UNACCEPTABLE}",
        "- meta announces: {field: account_update,",
        "- meta announces: {field: account_alerts,",
        "- 1 minute 30 seconds pass",
    ]
    assert "when: {next: 2}, match: {operation: send_message}" in found[0]


def test_a_clock_that_ran(app: Any, waba: Waba) -> None:
    """The seconds that people took are no steps, long pauses are; what the app does behind one wants a reason."""
    ada = waba.user("Ada")
    ada.sends("hi")
    waba.advance(seconds=5)
    ada.sends("hi again")
    waba.advance(hours=23, seconds=7)
    app.send(ada.wa_id, body="Still there?")
    assert told(waba, is_real=True) == [
        "- ada says: hi",
        "- ada says: hi again",
        "- 23 hours pass",
        "# what made the app do this? A job or a page of its own is called here: call app: {post: /…}",
        '- app replies to ada: "Still there?"',
    ]


def test_what_the_app_was_not_told(app: Any, waba: Waba, ada: User) -> None:
    """No webhook tells the app that a user has blocked it: what it does then wants a reason, once."""
    ada.sends("hi")
    app.send(ada.wa_id, body="Hello")
    ada.blocks()
    app.send(ada.wa_id, body="Still there?")
    app.send(ada.wa_id, body="Hello?")
    assert told(waba)[2:] == [
        "- ada blocks",
        "# what made the app do this? A job or a page of its own is called here: call app: {post: /…}",
        '- app replies to ada: "Still there?"',
        '- app replies to ada: "Hello?"',
    ]


def test_what_users_change(waba: Waba, ada: User) -> None:
    """What a user edits or deletes is said by a sentence, with a remark where it was not the last message."""
    first = ada.sends("hi")
    ada.sends("ho")
    ada.edits("ha")
    ada.deletes()
    ada.does("edit", message_id=first, text="hey")
    other = "# in the recording this was about another message"
    expected = ["- ada edits: ha", "- ada deletes the last message", "- ada edits: hey", other]
    assert told(waba)[2:] == expected


def test_knobs_at_the_beginning(waba: Waba) -> None:
    """Knobs that were turned in the middle are turned there again, however late somebody asks for the recording."""
    waba.policy(pair_burst=7)
    entries = waba.link.call("GET", "journal")["entries"]
    for asked in (waba.link.call("GET", "world")["policy"], {}):
        lines = record(entries, "x", Known(policy=asked)).split("\n")
        assert lines[2:] == ["steps:", "  - rule: {pair_burst: 7}", ""]


def test_answers_by_themselves_take_their_time(waba: Waba) -> None:
    """Where the clock ran, the seconds until a user answers by themselves have to pass: no other step lets them."""
    entries = [
        {"kind": "event", "at": 0, "event": "Put", "data": {"thing": {
            "entity": "User", "wa_id": "1", "name": "Ada", "behaviour": {"answers": "ok", "read_after": 2.0}}}},
        {"kind": "event", "at": 3000, "event": "CameDue", "data": {}},
        {"kind": "event", "at": 3000, "event": "MessageReceived", "data": {"message": {
            "id": "a", "wa_id": "1", "type": "text", "body": {"type": "text", "text": {"body": "ok"}}}}},
    ]  # fmt: skip
    assert record(entries, "x", Known(is_real=True)).split("\n")[-3:] == ["steps:", "  - 3 seconds pass", ""]


def test_voice_notes(waba: Waba, ada: User, tmp_path: Path) -> None:
    """Audio is a voice note again, or none, where its file does not say so by itself."""
    ada.sends_audio()
    ada.sends_audio(voice=False)
    ada.sends_audio(b"ID3" + b"\0" * 40)
    ada.sends_audio(b"ID3" + b"\0" * 40, voice=True)
    other = "# a sample stands for a file of the recording: audio/mpeg"
    silent = "- ada sends audio: {voice: false}"
    assert told(waba) == ["- ada sends audio", silent, silent, other, "- ada sends audio", other]
    kept = waba.record("voices", files=tmp_path / "voices")
    assert [line.partition("audio")[2] for line in kept.split("\n") if "sends" in line] == [
        "", ": {voice: false}", ': {file: "voices/audio_1.mp3"}', ': {file: "voices/audio_1.mp3", voice: true}',
    ]  # fmt: skip


def test_delays_that_nobody_chose() -> None:
    """A running clock has delays of its own; a scenario only keeps those that somebody has set."""
    knobs = msgspec.to_builtins(Policy(read_after=7.0))
    (scenario,) = read(record([], "A test", Known(policy=knobs, is_real=True, began=1_800_000_000_000)))
    assert scenario.policy is not None
    assert set(scenario.policy.knobs) & set(INSTANT) == {"read_after"}


def test_reads_and_answers_by_themselves(app: Any, waba: Waba) -> None:
    """Who reads and answers because of how they behave does so again without a step; who does it by hand has one."""
    auto, slow = waba.user("Auto", answers="You wrote: {text}"), waba.user("Slow", read_after=None)
    early = waba.user("Early", read_after=60)
    for user in (auto, slow, early):
        user.sends("hi")
        app.send(user.wa_id, body="Hello")
    waba.advance(seconds=2)
    slow.reads()
    early.reads()
    assert told(waba) == [
        "- auto says: hi",
        "- app replies to auto: Hello",
        "- slow says: hi",
        "- app replies to slow: Hello",
        "- early says: hi",
        "- app replies to early: Hello",
        "- 2 seconds pass",
        "- slow reads",
        "- early reads",
    ]
    assert [one.behaviour for one in scenario_of(waba).users] == [
        {"answers": "You wrote: {text}"},
        {"read_after": None},
        {"read_after": 60.0},
    ]


@pytest.mark.waba(strict=False)
def test_refusals(app: Any, waba: Waba, ada: User) -> None:
    """Refusals are expected, those that nobody expected are left to fail the scenario again."""
    app.send(ada.wa_id, body="too early")
    app.send(ada.wa_id, body="too early again")
    ada.sends("hi")
    app.send(ada.wa_id, body="")
    trace = waba.refusals[-1].trace
    waba.expect(trace)
    waba.settle()
    assert told(waba) == ["- app fails with: 131047", "- ada_says".replace("_", " ") + ": hi", "- app fails with: 100"]
    assert told(waba, unexpected={trace})[2].startswith("# here the app was refused with 100, which nobody expected")


@pytest.fixture
def stage(app: Any, waba: Waba, waba_server: Any, ada: User) -> Iterator[Any]:
    """Plays the recording of the test's world in another one, with the same app."""
    worlds: list[Waba] = []

    def stage(within: float = 30.0, **more: Any) -> Any:
        scenario = scenario_of(waba, **more)
        steps = [replace(one, within=within) if isinstance(one, Replies) else one for one in scenario.steps]
        scenario = replace(scenario, steps=tuple(steps))
        other = waba_server.new_world(**world_options(scenario))
        worlds.append(other)
        app.waba, app.token = other, other.access_token
        other.webhook(app.url)
        return play(scenario, other)

    yield stage
    for world in worlds:
        world.close()


def answer(app: Any) -> Any:
    """An app that says Hello, and forgets the window."""
    return lambda message: app.send(message["from"], body=f"Hello, you wrote {message['text']['body']}")


def test_playing_it_again_passes(app: Any, waba: Waba, ada: User, stage: Any) -> None:
    """The app that was recorded passes its own recording."""
    app.answers = answer(app)
    ada.sends("hi")
    waba.advance(hours=25)
    ada.sends("still there?")
    result = stage()
    assert result.has_passed, result.headline
    assert [one.step.sentence for one in result.played] == [
        "ada says", "app replies to ada", "1 day 1 hour pass", "ada says", "app replies to ada",
    ]  # fmt: skip


def test_another_app_fails(app: Any, ada: User, stage: Any) -> None:
    """An app that behaves otherwise than the recorded one fails the recording."""
    app.answers = answer(app)
    ada.sends("hi")
    app.answers = lambda message: app.send(message["from"], body="Good evening")
    assert "Hello, you wrote hi" in stage(within=0.05).failed.text


def test_what_was_missed_is_missed_again(app: Any, ada: User, stage: Any) -> None:
    """What a test expected in vain is expected again, and fails again."""
    app.answers = answer(app)
    ada.sends("hi")
    unmet = [(ada.wa_id, "app replies to {user}", {"text": "Good morning", "within": "50 ms"})]
    assert stage(within=0.05, unmet=unmet).failed.step.argument == "{text: Good morning, within: 50 ms}"


def test_a_quote_in_vain(app: Any, waba: Waba, ada: User) -> None:
    """A test that missed a quote misses it in the scenario, too: what is quoted is named by its text."""
    asked = ada.sends("Which one?")
    with pytest.raises(AssertionError):
        ada.receives(text="That one", reply_to=asked, timeout=0.01)
    assert waba.unmet == [
        (ada.wa_id, "app replies to {user}", {"quotes": "Which one?", "text": "That one", "within": "10 ms"})
    ]


def test_a_session_with_the_sample_bot() -> None:
    """What a session with the sample bot was, a fresh bot in a fresh world passes again, word for word."""
    with Emulator() as emulator:
        first = emulator.new_world(clock={"mode": "frozen", "now": "2026-01-01T12:00:00Z"}, policy=INSTANT)
        first.webhook(make_app(first.env))
        ana = first.user("Ana Souza", country="BR")
        ana.sends("Hi")
        ana.receives(type="interactive")
        ana.taps("See the coffees")
        ana.receives()
        ana.taps("Cortado")
        ana.receives(text=re.compile("order"))
        ana.sends_image(caption="My cup")
        ana.receives()
        first.advance(hours=25)
        text = first.record("With the bot")
        first.close()
        (scenario,) = read(text)
        second = emulator.new_world(**world_options(scenario))
        second.webhook(make_app(second.env))
        result = play(scenario, second)
        second.close()
    assert result.has_passed, result.headline + text
    assert sum(step.sentence.startswith("app replies") for step in scenario.steps) == 4


def quoting(user: User, text: str, quoted: str) -> dict[str, Any]:
    """A text that quotes a message."""
    body = {"messaging_product": "whatsapp", "to": user.wa_id, "type": "text", "text": {"body": text}}
    return body | {"context": {"message_id": quoted}}


def test_what_is_quoted(app: Any, waba: Waba, ada: User) -> None:
    """What is quoted, tapped or reacted to further up in the chat is named, so that it is found again."""
    buttons = [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]
    first = ada.sends("Hi")
    for text in ("Sure?", "Really?"):
        app.send(ada.wa_id, "interactive", type="button", body={"text": text}, action={"buttons": buttons})
    sure, really = [one for one in ada.inbox if one.sender == "business"]
    ada.taps("Yes", on=sure)
    ada.taps("Yes")
    ada.sends("That one", reply_to=sure)
    ada.sends("The last", reply_to=really)
    ada.reacts("👍", to=sure)
    ada.unreacts(to=sure)
    picture = ada.sends_image()
    ada.sends_image()
    ada.sends("My first", reply_to=picture)
    ada.sends_location(1, 1, reply_to=first)
    ada.sends_contact("Bo", reply_to=first)
    ada.sends("Hi")
    ada.sends_image(reply_to=first)
    waba.post(f"{waba.phone_number_id}/messages", quoting(ada, "Hello", first))
    card = "contacts: [{name: {formatted_name: Bo, first_name: Bo}}]"
    assert told(waba)[3:] == [
        '- ada taps: {title: "Yes", of: "Sure?"}',
        '- ada taps: "Yes"',
        '- ada replies: {text: That one, quotes: "Sure?"}',
        "- ada replies: The last",
        '- ada reacts: {emoji: "👍", to: "Sure?"}',
        '- ada reacts: {emoji: "", to: "Sure?"}',
        "- ada sends image",
        "- ada sends image",
        "- ada replies: {text: My first, quotes: {type: image, by: user, earlier: 1}}",
        "- ada sends location: {latitude: 1, longitude: 1, quotes: Hi}",
        f"- ada sends: {{type: contacts, {card}, quotes: Hi}}",
        "- ada says: Hi",
        "- ada sends image: {quotes: {text: Hi, earlier: 1}}",
        "- app replies to ada: {text: Hello, quotes: {text: Hi, earlier: 1}}",
    ]


def test_quotes_are_played(app: Any, waba: Waba, ada: User) -> None:
    """A recording with quotes is played again, and each is about the same message as before."""
    ada.sends("Hi")
    app.send(ada.wa_id, body="Hello")
    app.send(ada.wa_id, body="How are you?")
    ada.sends("Hello you", reply_to=ada.inbox[1])
    ada.reacts("👍", to=ada.inbox[0])
    scenario = scenario_of(waba)
    first = {one.id for one in ada.chat}
    steps = tuple(step for step in scenario.steps if not isinstance(step, Replies))
    assert play(replace(scenario, steps=steps), waba).headline == ""
    texts = {one.id: one.text for one in ada.chat}
    said = [(one.text, texts[one.reply_to]) for one in ada.chat if one.reply_to and one.id not in first]
    assert said == [("Hello you", "Hello"), ("👍", "Hi")]


def test_a_quote_of_nothing(waba: Waba, ada: User) -> None:
    """A message that is not in the chat cannot be quoted: the nearest one is named."""
    (scenario,) = read(
        "name: x\nusers: [ana]\nsteps:\n  - ana says: Good morning\n"
        "  - ana replies: {text: me too, quotes: Good mornin}\n"
    )
    found = play(scenario, waba).headline
    assert found.endswith("there is no message Good mornin in the chat of Ana; the nearest is Good morning")


def test_files_are_kept(waba: Waba, ada: User, tmp_path: Path) -> None:
    """Files of users are kept beside the scenario, each once, and are sent again; samples need none."""
    cup = sample("image").content + b"\0"
    ada.sends_image(cup, caption="My cup")
    ada.sends_image(cup)
    ada.sends_image()
    ada.sends_document(b"%PDF-1.4 a menu", filename="../menu.pdf")
    text = waba.record("A cup", files=tmp_path / "a_cup")
    assert not waba.calls
    (tmp_path / "a_cup.yaml").write_text(text, encoding="utf-8")
    kept = {path.name: path.read_bytes() for path in (tmp_path / "a_cup").iterdir()}
    assert kept == {"image_1.jpg": cup, "document_2.pdf": b"%PDF-1.4 a menu"}
    assert [line.strip() for line in text.partition("steps:\n")[2].splitlines()] == [
        '- ada sends image: {file: "a_cup/image_1.jpg", caption: My cup}',
        '- ada sends image: {file: "a_cup/image_1.jpg"}',
        "- ada sends image",
        '- ada sends document: {file: "a_cup/document_2.pdf", filename: "../menu.pdf"}',
    ]
    (scenario,) = load(tmp_path / "a_cup.yaml")
    waba.reset()
    assert play(scenario, waba).headline == ""
    sent = [one["body"][one["type"]]["sha256"] for one in waba.messages(direction="inbound")]
    assert sent[0] == sent[1] == b64encode(hashlib.sha256(cup).digest()).decode()


def test_no_files_no_folder(waba: Waba, ada: User, tmp_path: Path) -> None:
    """Where nobody has sent a file of their own there is no folder."""
    ada.sends_image()
    waba.record("A cup", files=tmp_path / "a_cup")
    assert not list(tmp_path.iterdir())


def test_codes(waba: Waba, ada: User) -> None:
    """A code to log in with is another one each time: it is expected where it stood, not what it was."""
    waba.templates.create_code("login")
    text = [{"type": "text", "text": "123456"}]
    button = {"type": "button", "sub_type": "url", "index": "0", "parameters": text}
    components = [{"type": "body", "parameters": text}, button]
    template = {"name": "login", "language": {"code": "en_US"}, "components": components}
    body = {"messaging_product": "whatsapp", "to": ada.wa_id, "type": "template", "template": template}
    waba.post(f"{waba.phone_number_id}/messages", body)
    steps = [one for one in scenario_of(waba).steps if isinstance(one, Replies)]
    assert [str(one.wanted["text"].source) for one in steps] == [
        r"^\*\S+\*\ is\ your\ verification\ code\.\ For\ your\ security,\ do\ not\ share\ this\ code\.$"
    ]
