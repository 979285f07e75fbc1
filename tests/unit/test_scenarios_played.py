"""What scenarios want of values, and how their results are reported."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from localwaba.client.calls import Call
from localwaba.client.chat import Bubble, draw, media_of
from localwaba.domain.numbers import wa_id_of
from localwaba.domain.policy import INSTANT
from localwaba.runtime.player import Chat, Numbers, Played, Result, knobs_of, seed_of, unplayed, world_options
from localwaba.runtime.report import gist, html, junit, summary
from localwaba.runtime.rounds import moment_of, opening
from localwaba.runtime.wanting import Unknown, captured, fits, misses, resolve
from localwaba_scenarios.loader import read
from localwaba_scenarios.model import Later, Name, Pattern, Scenario


@pytest.mark.parametrize(
    ("wanted", "given_value", "expected"),
    [
        (re.compile("b"), "abc", True),
        (re.compile("b"), None, False),
        (re.compile("47"), 131047, True),
        (131047, "131047", True),
        ("131047", 131047, True),
        ("131047", 131026, False),
        ("None", None, False),
        (None, None, True),
        (None, "", False),
        (1, True, False),
        (True, 1, False),
        (["a"], ("a",), True),
        (["a"], ["a", "b"], False),
        ([{"a": 1}], [{"a": 1, "b": 2}], True),
        ({"a": 1}, None, False),
        ({"a": None}, {}, True),
    ],
)
def test_fits(wanted: Any, given_value: Any, expected: bool) -> None:
    """Patterns are searched, numbers fit their digits, lists have a length, nothing is nothing."""
    assert expected is fits(wanted, given_value)


def test_misses_name_the_place() -> None:
    """What does not fit is told with where it is."""
    wanted = {"a": [{"b": re.compile("x")}], "c": 1}
    assert list(misses(wanted, {"a": [{"b": "y"}]})) == ["a[0].b is y, expected /x/", "c is missing, expected 1"]


def test_names_get_their_values() -> None:
    """Names are filled in everywhere; inside a pattern they mean themselves."""
    scope = {"a": "1+1"}
    value = {"t": Later(("=", Name("a"))), "p": (Pattern(Later(("^", Name("a"), "$")), "i"),)}
    found = resolve(value, scope)
    assert (found["t"], found["p"][0].search("1+1") is not None) == ("=1+1", True)
    with pytest.raises(Unknown, match="has no value"):
        resolve(Later((Name("b"),)), scope)


def test_captures() -> None:
    """The named groups of a pattern are what it caught."""
    assert captured(re.compile(r"(?P<code>\d+)(?P<more>x)?"), "code 42") == {"code": "42"}
    assert captured("text", "text") == {}


def scenario(head: str = "") -> Scenario:
    (found,) = read(f"name: Käse <&>\nusers: [ana]\n{head}steps:\n  - ana says: Hi\n  - app replies to ana\n")
    return found


def test_numbers_are_nobody_elses() -> None:
    """The same scenario gets the same numbers, another one never those of somebody else in the run."""
    numbers = Numbers()
    drawn = [numbers.draw(seed, country) for seed in (1, 1, 2, 2) for country in ("US", "BR", "FO")]
    assert len(drawn) == len({wa_id_of(number) for number in drawn})
    assert drawn[:3] == [Numbers().draw(1, country) for country in ("US", "BR", "FO")]


def test_seeds_are_a_scenarios_own() -> None:
    """The seed follows from the name and the given seed, and from nothing else."""
    assert seed_of(scenario()) == seed_of(scenario("policy: {read_after: 1}\n"))
    assert seed_of(scenario()) != seed_of(scenario("seed: 1\n"))


def test_knobs() -> None:
    """Where time stands still everything is instant, then comes what the run says, then what the scenario says."""
    frozen, real = scenario("policy: {read_after: 1}\n"), scenario("clock: real\n")
    assert knobs_of(frozen, {"read_after": 2, "sent_after": 3}) == INSTANT | {"read_after": 1, "sent_after": 3}
    assert knobs_of(real) == {}
    assert world_options(real)["clock"] == {"mode": "real"}


def test_the_world_opens_early() -> None:
    """The app is set up an hour before the earliest scenario."""
    early, late = scenario("clock: 2025-01-01T00:00:00Z\n"), scenario()
    assert moment_of(early) - opening([late, early]) == 3_600_000


def bubble(**more: Any) -> Bubble:
    given: dict[str, Any] = {"id": "1", "sender": "business", "type": "text", "text": "a <b> \x01", "ticks": "read"}
    return Bubble(**{**given, "at": 0.0, **more})


def results() -> Sequence[Result]:
    one = scenario()
    first, second = one.steps
    text = "Ana received nothing: <x> \x01\n\nChat of Ana\n  00:00 Ana: Hi\n\nRefused calls (1)\n  POST"
    played = (Played(first, "passed"), Played(second, "failed", text=text))
    chat = [bubble(), bubble(id="2", type="reaction", text="!", reply_to="1")]
    chat += [bubble(id="3", ticks="failed", buttons=("Yes",), error={"code": 131026}, why="it is so Fix: do it")]
    chat += [bubble(id="4", type="image", body={"image": {"id": "9"}}, at=90_000.0)]
    phone = Chat("ana", "Ana <3", "1202", tuple(chat), {"9": ("image/png", b"png")})
    return [
        Result(one, played, "", (phone,), 0.25, output="said \x00"),
        Result(one, (Played(first, "passed"),), "", (), 0.5),
    ]


def test_junit() -> None:
    """JUnit XML is well-formed, counts, and says where and why, with the chat."""
    root = Xml.fromstring(junit(results()))
    assert (root.get("tests"), root.get("failures"), root.get("time")) == ("2", "1", "0.750")
    failed, passed = root.iter("testcase")
    failure = failed.find("failure")
    assert failure is not None
    expected = "scenario.yaml:5:5: app replies to ana: Ana received nothing: <x> \ufffd"
    assert (failure.get("message"), passed.find("failure")) == (expected, None)
    assert (failure.text or "").startswith("scenario.yaml:5:5: app replies to ana\nAna received nothing")
    assert "Chat of Ana <3 (1202)" in (failed.findtext("system-out") or "")
    assert (failed.findtext("system-err"), passed.find("system-err")) == ("said \ufffd", None)


MEMBERS = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "time", "skipped", "timestamp", "file"},
    "testcase": {"name", "classname", "time"},
    "failure": {"message", "type"},
    "skipped": {"message"},
    "system-out": set(),
    "system-err": set(),
}


def test_junit_is_what_strict_readers_know() -> None:
    """There is no element or attribute that the schema of Jenkins' xUnit plugin lacks, and they come in its order."""
    root = Xml.fromstring(junit([*results(), unplayed(scenario(), "the app had ended with status 3")]))
    order = ["skipped", "error", "failure", "system-out", "system-err"]
    for one in root.iter():
        assert set(one.keys()) == MEMBERS[one.tag]
        if one.tag == "testcase":
            assert [child.tag for child in one] == sorted((child.tag for child in one), key=order.index)
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("3", "1", "1")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", suite.get("timestamp") or "")


def test_refused_calls_are_told() -> None:
    """Both reports say which calls were refused and why, also where a step has expected it."""
    answer = {"error": {"code": 190, "message": "(#190) expired"}}
    call = Call(7, 0.0, "POST", "/v26.0/1/messages", "send_message", 401, {}, answer, "it is so Fix: renew <it>")
    told = replace(results()[1], refused=(call,))
    assert "POST /v26.0/1/messages -&gt; 401 (#190) expired" in html([told])
    assert "fix: renew &lt;it&gt;" in html([told])
    assert "    fix: renew <it>" in (Xml.fromstring(junit([told])).findtext(".//system-out") or "")


def test_html_leads_to_the_failure() -> None:
    """Above everything stands what failed and why, and its link goes to the step."""
    page = html(results())
    found = re.search('<ol class="index">(.*?)</ol>', page, re.S)
    assert found
    assert "Ana received nothing: &lt;x&gt;" in found[1]
    (target,) = re.findall('href="#(.*?)"', found[1])
    assert page.count(f'<li class="failed" id="{target}">') == 1
    assert '<ol class="index">' not in html(results()[1:])


def test_html_runs_nothing() -> None:
    """Even if something were not escaped, a browser would neither run nor fetch anything."""
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in html(results())
    assert "<script" not in html(results())


def test_html_tells_what_has_no_text() -> None:
    """A file is shown by its name, a place by its degrees, a card by the name on it."""
    contents = {
        "document": {"filename": "a.pdf"},
        "location": {"latitude": 1.5, "longitude": -2},
        "contacts": [{"name": {"formatted_name": "Bo Ek"}}],
        "image": {"link": "https://x.example/a.png"},
    }
    assert [gist(bubble(type=kind, body={kind: found})) for kind, found in contents.items()] == [
        "a.pdf", "1.5, -2", "Bo Ek", "https://x.example/a.png",
    ]  # fmt: skip


def test_pictures_of_headers() -> None:
    """A picture is found in a message, in its header and in a template's parameters."""
    header = {"type": "header", "parameters": [{"type": "image", "image": {"id": "7"}}]}
    found = {
        "image": {"id": "9"},
        "interactive": {"header": {"type": "image", "image": {"id": "8"}}},
        "template": {"name": "t", "components": [header]},
    }
    assert [list(media_of(bubble(type=kind, body={kind: one}))) for kind, one in found.items()] == [["9"], ["8"], ["7"]]


def test_html() -> None:
    """The page escapes what others wrote, begins with what failed, and needs nothing beside it."""
    page = html(results())
    assert "<title>1 passed, 1 failed – localwaba</title>" in page
    assert page.index('class="scenario failed" open') < page.index('class="scenario passed"')
    assert ("a &lt;b&gt;" in page, "a <b>" in page, "Käse &lt;&amp;&gt;" in page) == (True, False, True)
    assert 'src="data:image/png;base64,cG5n"' in page
    assert ("failed with 131026" in page, '<div class="button" dir="auto">Yes</div>' in page) == (True, True)
    assert re.findall(r"(?:href|src)=\"(?!data:|#)", page) == []


def test_html_shows_a_chat_once() -> None:
    """The chat of a reason is left out where it stands as bubbles; a reaction is no bubble."""
    page = html(results())
    assert ("Chat of Ana" in page, "Refused calls (1)" in page) == (False, True)
    assert page.count('class="bubble app') == 3


def test_html_is_read_from_left_to_right() -> None:
    """A reason that begins with a name in Hebrew is an English sentence all the same; why and fix have their lines."""
    first, second = results()
    played = (Played(first.played[0].step, "failed", text="שרה received nothing."),)
    assert '<span class="place">שרה received nothing.</span>' in html([replace(first, played=played), second])
    assert '<div class="why">failed with 131026<br>why: it is so<br>fix: do it</div>' in html(results())


def _light(colour: str) -> float:
    """How light a colour is, as WCAG 2 measures it."""
    digits = colour if len(colour) == 6 else "".join(one * 2 for one in colour)
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_html_can_be_read_in_light_and_dark(scheme: int) -> None:
    """What is written has at least the contrast to its ground that WCAG 2 wants of small text."""
    style = html(results())
    colours = dict(re.findall(r"--(\w+): #([0-9a-f]+);", style.split("color-scheme: dark")[scheme]))
    grounds = {"page": "text dim bad", "card": "text dim good bad", "user": "ink read bad", "app": "ink read bad"}
    for ground, texts in grounds.items():
        for text in texts.split():
            dark, light = sorted((_light(colours[ground]), _light(colours[text])))
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground)


def test_days_of_a_plain_chat() -> None:
    """Where a chat is plain text, a day that is not the first one stands above what was written on it."""
    times = ("1970-01-01T23:00:00Z", "1970-01-02T01:00:00Z", "1970-01-02T01:01:00Z")
    chat = [bubble(text=text, time=time) for text, time in zip(("one", "two", "three"), times, strict=True)]
    assert draw(chat, "Ana") == [
        "        23:00:00 the app: one  (read)",
        "Fri 02 Jan 1970",
        "        01:00:00 the app: two  (read)",
        "        01:01:00 the app: three  (read)",
    ]


def test_days_are_told() -> None:
    """A new day in a chat has its date before it, and a jump of the clock how long it was."""
    found = re.findall('class="day">(.*?)<', html(results()))
    assert found == ["Thu 01 Jan 1970", "Fri 02 Jan 1970", "25 hours later"]


def test_summary() -> None:
    """One line says how many passed and failed, and how many were not played."""
    assert summary(results()) == "1 passed, 1 failed in 0.8 s"
    assert summary([*results(), unplayed(scenario(), "x")]) == "1 passed, 1 failed, 1 not played in 0.8 s"
