"""Scenario files: what is read out of them, and how each mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from localwaba_scenarios import model
from localwaba_scenarios.loader import BadScenario, load, read
from localwaba_scenarios.model import Later, Name, Pattern, Scenario


def scenario(steps: str, head: str = "users: [ana]") -> Scenario:
    (found,) = read(f"name: x\n{head}\nsteps:\n{steps}")
    return found


def step(text: str, head: str = "users: [ana]") -> model.Step:
    (found,) = scenario(f"  - {text}\n", head).steps
    return found


def mistakes(text: str) -> list[str]:
    with pytest.raises(BadScenario) as caught:
        read(text, "f.yaml")
    return list(caught.value.mistakes)


def mistake(line: str, head: str = "users: [ana, bob]") -> str:
    (found,) = mistakes(f"name: x\n{head}\nsteps:\n  - {line}\n")
    return found


@pytest.mark.parametrize(
    "text", ["no", "yes", "1.10", "0049", "null", "~", "2026-01-31", "0x1F", "on", "1_000", "What?"]
)
def test_texts_stay_texts(text: str) -> None:
    """Whatever YAML would make of it, what somebody says is what stands there."""
    found = step(f"ana says: {text}")
    assert isinstance(found, model.Sends)
    assert {"type": "text", "text": {"body": text}} == found.message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("null", None),
        ("true", True),
        ("1.5", 1.5),
        ("-3", -3),
        ("no", "no"),
        ("0049", "0049"),
        ("'1'", "1"),
        ("~", "~"),
    ],
)
def test_json(text: str, expected: object) -> None:
    """Where JSON is written, only what is JSON without quotes is no text."""
    found = step(f"ana sends: {{type: location, location: {text}}}")
    assert isinstance(found, model.Sends)
    assert (type(expected), expected) == (type(found.message["location"]), found.message["location"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hi there", "Hi there"),
        ("/hi/", Pattern("hi")),
        ("/hi there/im", Pattern("hi there", "im")),
        ("'/a, b?/s'", Pattern("a, b?", "s")),
        ("/ half", "/ half"),
        ("42", "42"),
    ],
)
def test_expected_texts(text: str, expected: object) -> None:
    """A text is a text, and a pattern what stands between slashes."""
    found = step(f"app replies to ana: {{text: {text}}}")
    assert isinstance(found, model.Replies)
    assert {"text": expected} == found.wanted


def test_questions_in_braces() -> None:
    """A question mark inside braces is a question mark."""
    found = step("app replies to ana: {buttons: [Where is my order?, Who?]}")
    assert isinstance(found, model.Replies)
    assert found.wanted["buttons"] == ("Where is my order?", "Who?")


def test_a_bare_value_stands_for_the_first_member() -> None:
    """What is not a mapping is the text, the status, the code, the field."""
    found = scenario(
        "  - app replies to ana: Hi\n  - expect last message to ana: read\n  - app fails with: [1, 2]\n"
        "  - expect webhook: messages\n  - expect call: send_message\n"
    ).steps
    first, second, third, fourth, fifth = found
    assert isinstance(first, model.Replies)
    assert isinstance(second, model.LastMessage)
    assert isinstance(third, model.Fails)
    assert isinstance(fourth, model.ExpectWebhook)
    assert isinstance(fifth, model.ExpectCall)
    assert (first.wanted, second.wanted, third.codes) == ({"text": "Hi"}, {"status": "read"}, (1, 2))
    assert (fourth.wanted, fifth.wanted) == ({"field": "messages"}, {"operation": "send_message"})


def test_places() -> None:
    """A step knows where it stands, and what stands there."""
    (found,) = scenario("\n  -   ana says:  Hi\n").steps
    assert (str(found.place), found.sentence, found.argument) == ("scenario.yaml:5:7", "ana says", "Hi")


def test_variables_and_captures() -> None:
    """Variables are filled in at once, names that only the play knows stay, and a captured name is known after it."""
    found = scenario(
        '  - app replies to ana: "/code (?P<code>.)/"\n  - ana says: $${a} ${a} ${code} ${ana.number}\n',
        "users: [ana]\nvariables: {a: '1'}",
    ).steps[1]
    assert isinstance(found, model.Sends)
    expected = Later(("${", "a} ", "1", " ", Name("code"), " ", Name("ana.number")))
    assert expected == found.message["text"]["body"]


def test_variables_in_patterns_mean_themselves() -> None:
    """A variable inside a pattern is no pattern."""
    found = step("app replies to ana: /^${a}$/", "users: [ana]\nvariables: {a: 1.5 (net)}")
    assert isinstance(found, model.Replies)
    assert {"text": Pattern(r"^1\.5\ \(net\)$")} == found.wanted


def test_examples() -> None:
    """There is one scenario for each row, with its variables in sentences, too."""
    text = "name: Late\nusers: [ana]\nexamples:\n  - {n: 1 hour, c: 131047}\n  - {n: 2 days, c: 131026}\n"
    first, second = read(f"{text}steps:\n  - ${{n}} pass\n  - app fails with: ${{c}}\n")
    assert (first.title, second.title) == ("Late [n: 1 hour, c: 131047]", "Late [n: 2 days, c: 131026]")
    assert isinstance(first.steps[0], model.Passes)
    assert isinstance(second.steps[0], model.Passes)
    assert isinstance(second.steps[1], model.Fails)
    assert (first.steps[0].seconds, second.steps[0].seconds, second.steps[1].codes) == (3600, 172_800, (131026,))


def test_values_from_outside_win() -> None:
    """A value that is handed in wins over the file's variable, an example over both."""
    text = "name: ${a} ${b}\nvariables: {a: file, b: file}\nexamples: [{b: row}]\nsteps: [no faults]\n"
    (found,) = read(text, values={"a": "given", "b": "given"})
    assert found.name == "given row"


def test_several_in_a_file() -> None:
    """Three dashes separate scenarios."""
    found = read("name: a\nsteps: [no faults]\n---\nname: b\nsteps: [no faults]\n---\n")
    assert [one.name for one in found] == ["a", "b"]


def test_users() -> None:
    """Users are named in a list, or described in a mapping; times are spans, or never."""
    head = "users:\n  ana:\n  bo: {name: Bo Ek, country: SE, read_after: never, delivered_after: 2 min, fails_with: 1}"
    ana, bo = scenario("  - bo says: Hi\n", head).users
    assert (ana.name, ana.country, dict(ana.behaviour)) == ("Ana", "US", {})
    assert (bo.name, bo.country) == ("Bo Ek", "SE")
    assert bo.behaviour == {"read_after": None, "delivered_after": 120.0, "fails_with": 1}


def test_templates() -> None:
    """A template's body gets examples if it has none of its own."""
    (found,) = scenario("  - no faults\n", "templates:\n  t: {body: 'Hi {{1}}, {{2}}'}").templates
    assert (found.name, found.language, found.category) == ("t", "en_US", "UTILITY")
    assert found.components[0]["example"] == {"body_text": [["example 1", "example 2"]]}


def test_files_lie_beside_the_scenario(tmp_path: Path) -> None:
    """A path is taken from the file that names it."""
    (tmp_path / "cup.png").write_bytes(b"")
    (tmp_path / "a.yaml").write_text("name: a\nusers: [ana]\nsteps:\n  - ana sends image: {file: cup.png}\n")
    (found,) = load(tmp_path / "a.yaml")
    (sends,) = found.steps
    assert isinstance(sends, model.SendsFile)
    assert sends.file == str(tmp_path / "cup.png")


MISTAKES = [
    ("ana say: x", "f.yaml:4:5: there is no step 'ana say'; did you mean ana says?"),
    ("anna says: x", "f.yaml:4:5: there is no user anna; did you mean ana?"),
    ("zoe says: x", "f.yaml:4:5: there is no user zoe; known: ana, bob"),
    ("dance", "f.yaml:4:5: there is no step 'dance'; the sentences are in docs/scenarios.md"),
    ("ana says:", "f.yaml:4:5: something has to follow, as in `ana says: …`"),
    ("ana reads: x", "f.yaml:4:5: nothing follows `ana reads`; write it without the colon"),
    ("ana says: [a]", "f.yaml:4:15: what is said is a text; quote it if it begins with { or ["),
    ("ana says: ${anna.number}", "f.yaml:4:15: there is no variable anna.number; did you mean ana.number?"),
    ("25 hour pas", "f.yaml:4:5: there is no step '25 hour pas'; did you mean 25 hours pass?"),
    ("app replies to ana: {typ: text}", "f.yaml:4:26: an expected message has no member typ; did you mean type?"),
    ("app replies to ana: {type: txt}", "f.yaml:4:32: there is no type txt; did you mean text?"),
    ("app replies to ana: {within: soon}", "f.yaml:4:34: within is a time such as 5 s, 1 hour 30 minutes or 25 hours"),
    ("app replies to ana: /(/", "f.yaml:4:25: this is no pattern: missing ), unterminated subpattern at position 0"),
    ("app replies to ana: /x/g", "f.yaml:4:25: a pattern ends with /, /i, /m or /s, not /g"),
    ("ana replies: {txt: x}", "f.yaml:4:19: a reply has no member txt; did you mean text?"),
    ("ana replies: {quotes: x}", "f.yaml:4:18: a reply needs a text, as in {text: Thanks}"),
    ("ana replies: {text: x, quotes: {txt: y}}", "f.yaml:4:37: a quoted message has no member txt; did you mean text?"),
    ("ana replies: {text: x, quotes: {type: imag}}", "there is no type of message imag; did you mean image?"),
    ("ana replies: {text: x, quotes: {by: usr}}", "there is no side of a chat usr; did you mean user?"),
    ("ana replies: {text: x, quotes: {earlier: -1}}", "earlier is a whole number from 0 on, not -1"),
    ("ana reacts: {emoij: x}", "f.yaml:4:18: a reaction has no member emoij; did you mean emoji?"),
    ("ana taps: {titel: x}", "f.yaml:4:16: what is tapped has no member titel; did you mean title?"),
    ("ana sends audio: {quote: x}", "audio to send has no member quote; did you mean quotes?"),
    ("app replies to ana: {quotes: {txt: x}}", "a quoted message has no member txt; did you mean text?"),
    ("app fails with: late", "f.yaml:4:21: an error code is a whole number from 1 on, not late"),
    ("expect call: send_mesage", "f.yaml:4:18: there is no operation send_mesage; did you mean send_message?"),
    ("expect webhook: {times: -1}", "f.yaml:4:29: times is a whole number from 0 on, not -1"),
    ("expect last message to ana: red", "f.yaml:4:33: there is no status red; did you mean read?"),
    ("expect template t: APROVED", "f.yaml:4:24: there is no status of a template APROVED; did you mean APPROVED?"),
    ("meta announces: calss", "f.yaml:4:21: there is no webhook field calss; did you mean calls?"),
    (
        "meta announces: {field: calls, variant: call end}",
        "f.yaml:4:45: there is no variant of calls call end; did you mean call ends?",
    ),
    (
        "meta announces: {field: calls, variant: call ends, value: {}}",
        "f.yaml:4:21: an announcement has a value of its own or the variant of a sample, not both",
    ),
    ("meta rejects template: {reason: SCAM}", "f.yaml:4:28: say which template, as in {name: order_update}"),
    ("meta changes number: {rating: RED}", "f.yaml:4:27: a number has no member rating"),
    ("rule: {reed_after: 1}", "f.yaml:4:12: there is no knob reed_after; did you mean read_after?"),
    ("fault: late-delivry", "f.yaml:4:12: there is no preset of faults late-delivry; did you mean late-delivery?"),
    ("fault: {kind: http_eror}", "f.yaml:4:19: there is no kind of faults http_eror; did you mean http_error?"),
    ("ana does: {action: rea}", "f.yaml:4:24: there is no action rea; did you mean read?"),
    ("ana sends: {text: x}", "f.yaml:4:16: a message needs a type, as in {type: text, text: {body: Hi}}"),
    ("ana sends location: {latitude: x, longitude: 1}", "f.yaml:4:36: latitude is a number of degrees"),
    ("ana sends image: {file: away.png}", "f.yaml:4:22: there is no file away.png"),
    ("call app: {json: {}}", "f.yaml:4:15: say which path is called and how, once, as in {post: /reminders}"),
    ("call app: {post: reminders}", "f.yaml:4:22: a path of the app begins with /, as in post: /reminders"),
    ("{ana reads: , ana blocks: }", "f.yaml:4:19: a step is one sentence, and what follows it after a colon"),
    ("ana says: a: b", "f.yaml:4:16: a text with `: ` in it needs quotes, or the line above lacks something"),
    ("ana says: &x a", "f.yaml:4:15: anchors (& and *) are not read; use variables, or quote the text"),
    ("ana says: !!int 1", "f.yaml:4:15: tags (!) are not read; quote the text"),
    ("ana sends: {type: text, type: text}", "f.yaml:4:29: type stands here twice"),
    ("ana says: 'x", "f.yaml:4:15: a quote or a bracket is never closed"),
    ("ana says Hi", "f.yaml:4:5: there is no step 'ana says Hi'; a colon is missing: ana says: Hi"),
    ("ana\u00a0says: Hi", "f.yaml:4:5: there is a no-break space in it, or one like that; write an ordinary one"),
    ("ana says: #1 coffee", "f.yaml:4:14: what begins with # is a remark, and left out; a text that does so needs quo"),
    ("ana says: @bob", "f.yaml:4:15: a text that begins with @ needs quotes"),
    ("ana says: *bold* word", "f.yaml:4:20: a text that begins with * or & needs quotes"),
    ("app replies to ana: {buttons: One}", "f.yaml:4:35: buttons are a list, as in buttons: [One]"),
    ("app replies to ana: {within: 5 sec}", "25 hours, not 5 sec; did you mean second?"),
    (
        "app replies to ana: {text: “Hi, you”}",
        "f.yaml:4:37: an expected message has no member you”; a text with a comma needs quotes here, and only ' and \"",
    ),
    ("ana says: Hi\n    ana says: Ho", "f.yaml:5:5: ana says stands here twice; each step begins with a dash"),
    ("ana says: [Hi", "f.yaml:4:15: a quote or a bracket is never closed"),
    ('app replies to ana: "/\\d/"', "f.yaml:4:28: between \" and \" a \\ is written twice (\\\\d); "),
    ("ana says: |\n    one\n  - no faults", "f.yaml:5:5: a colon is missing here; or this is the text of the line"),
    ("app replies to ana:\n    text: Hi", "f.yaml:5:5: what belongs to `app replies to ana:` is indented further than"),
    ("app replies to ana:\n    - text: Hi", "f.yaml:5:5: an expected message is a text or a mapping, not a list"),
    ("ana says:Hi", "f.yaml:4:5: there is no step 'ana says:Hi'; a colon is followed by a space: ana says: Hi"),
    ("ana says\uff1a Hi", "; a colon is followed by a space: ana says: Hi"),
    ("ap replies to ana: Hi", "there is no step 'ap replies to ana'; did you mean app replies to ana?"),
    ("app replies to: Hi", "there is no step 'app replies to'; did you mean app replies to "),
    ("app says: Hi", "there is no step 'app says'; did you mean app "),
    ("wait 3 hours", "there is no step 'wait 3 hours'; did you mean 3 hours pass?"),
    ("after 1 day", "there is no step 'after 1 day'; did you mean 1 day passes?"),
    ("ana sends picture", "there is no step 'ana sends picture'; what can be sent: image, video, audio, document, sti"),
    ("ana sends immage", "there is no step 'ana sends immage'; did you mean ana sends image?"),
    ("ana sends image: cup.png", "f.yaml:4:22: image to send is a mapping, as in {file: cup.png}"),
    ("ana sends location: {latitude: true, longitude: 1}", "f.yaml:4:36: latitude is a number of degrees"),
    ("ana sends location: {latitude: 1, longitude: -181}", "4:50: longitude is from -180 to 180 degrees, not -181"),
    ("ana says: a ${b", "f.yaml:4:15: `${` needs a name and a `}`; where the signs themselves are meant, write $${"),
    ("expect call: {status: ok}", "f.yaml:4:27: status is a whole number from 100 on, not ok"),
    ("expect webhook: {answered: [200]}", "f.yaml:4:32: answered is a whole number from 100 on"),
    ("expect webhook: {answered: 'no'}", "f.yaml:4:32: answered is a whole number from 100 on, not no"),
    ("expect number: RED", "f.yaml:4:20: an expected number is a mapping, as in {quality_rating: RED}"),
    ("ana says: Hi\n - ana says: Ho", "f.yaml:5:2: this line is indented otherwise than those that it belongs to"),
]  # fmt: skip


@pytest.mark.parametrize(("line", "expected"), MISTAKES, ids=[line for line, _ in MISTAKES])
def test_mistakes_in_steps(line: str, expected: str) -> None:
    """A mistake is one line with its place and what was probably meant."""
    found = mistake(line)
    assert expected in found
    assert "\n" not in found


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("usrs: [ana]", "f.yaml:2:1: a scenario has no member usrs; did you mean users?"),
        ("users: {app: }", "f.yaml:2:9: a user's name here is one word, and 'app' is taken"),
        ("users: {ana: {nam: x}}", "f.yaml:2:15: the user ana has no member nam; did you mean name?"),
        ("users: {ana: {country: brazil}}", "f.yaml:2:24: country is two capital letters such as BR, not brazil"),
        ("users: {ana: {read_after: soon}}", "f.yaml:2:27: read_after is a time such as 5 s, or never; not soon"),
        ("clock: noon", "f.yaml:2:8: clock is real, or a time with its zone as 2026-01-31T12:00:00Z, not noon"),
        ("clock: 2026-01-31T12:00:00", "f.yaml:2:8: clock is real, or a time with its zone"),
        ("seed: many", "f.yaml:2:7: seed is a whole number from 0 on, not many"),
        ("version: 23", "f.yaml:2:10: version is a Graph version such as v26.0, not 23"),
        ("strict: no", "f.yaml:2:9: strict is true or false, not no"),
        ("policy: {read_afer: 1}", "f.yaml:2:10: there is no knob read_afer; did you mean read_after?"),
        ("examples: []", "f.yaml:2:11: examples are a list of rows"),
        (
            "examples: [{a: x}, {b: x}]",
            "f.yaml:2:20: each example names the same (a), but this one lacks a and has b beside",
        ),
        ("users: [ana, ana]", "f.yaml:2:14: ana stands here twice"),
        ("users: {ana: {<<: {name: A}}}", "f.yaml:2:15: merges (<<) are not read; write the members down"),
        ("variables: {waba_id: x}", "f.yaml:2:22: waba_id is there already: it is the business's"),
        ("templates: {t: {}}", "f.yaml:2:16: a template has either a body (a text) or components (as Meta takes them)"),
        ("templates: {T: {body: x}}", "f.yaml:2:16: a template's name is made of a-z, 0-9 and _, not T"),
        ("templates: {t: {body: x, example: [a]}}", "f.yaml:2:35: the body has 0 variables, here are examples of 1"),
    ],
)
def test_mistakes_in_the_head(head: str, expected: str) -> None:
    """So is one in what stands before the steps."""
    (found,) = mistakes(f"name: x\n{head}\nsteps: [no faults]\n")
    assert expected in found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "f.yaml:1:1: there is no scenario in it; one has a name and steps"),
        ("- a", "f.yaml:1:1: a scenario begins with its name, as in name: A first contact"),
        ("name: x", "f.yaml:1:1: a scenario needs its steps"),
        ("name: x\nsteps: go", "f.yaml:2:8: steps are a list: each begins with a dash, as in - ana says: Hi"),
        ("name: x\n\tsteps: []", "f.yaml:2:1: indent with spaces, not with tabs"),
        ("name: x\nsteps:\n  -\u00a0ana says: Hi", "f.yaml:3:3: there is a no-break space in it"),
        ("name: x\n# " + "x" * 1_000_000, "f.yaml:1:1: 1,000,010 characters are too many for a scenario file"),
        ("name: \x07", "f.yaml:1:7: there is a character here that no text has"),
        ("name: x\n users: [ana]", "f.yaml:2:7: this line is indented too far, or the line above lacks something"),
        ("name: ' '\nsteps: [no faults]", "f.yaml:1:7: a scenario needs its name"),
        ("nmae: x\nsteps: [no faults]", "f.yaml:1:1: a scenario has no member nmae; did you mean name?"),
        ("name: x\nuser: [ana]\nsteps: [ana reads]", "f.yaml:2:1: a scenario has no member user; did you mean users?"),
        ("name: x\nusers: [app]\nsteps: [app reads]", "f.yaml:2:9: a user's name here is one word, and 'app' is taken"),
    ],
)
def test_mistakes_in_the_whole(text: str, expected: str) -> None:
    """A file that is something else altogether is told as such."""
    (found,) = mistakes(text)
    assert found.startswith(expected)


def test_one_mistake_in_a_user_is_one_mistake() -> None:
    """Whoever is described wrongly is known to the steps all the same."""
    found = mistakes("name: x\nusers: {ana: {country: Brazil}}\nsteps:\n  - ana says: ${ana.number}\n")
    assert found == ["f.yaml:2:24: country is two capital letters such as BR, not Brazil"]


def test_all_mistakes_at_once() -> None:
    """All mistakes are told, in the order of the file, once each however many examples there are."""
    text = (
        "name: x\nsed: 1\nusers: [ana]\nexamples: [{a: x}, {a: y}]\nclock: x\nsteps:\n  - ana say: x\n  - bob says: x\n"
    )
    assert [line.split(":")[1] for line in mistakes(text)] == ["2", "5", "7", "8"]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file and one that is no text are told by name, with the one that was probably meant."""
    (tmp_path / "raw.yaml").write_bytes(b"name: x\nusers: \xff\xfe\xff")
    mistakes = {
        "away/x.yaml": "x.yaml:1:1: there is no such file$",
        "rav.yaml": "there is no such file; did you mean raw.yaml",
        "raw.yaml": "raw.yaml:2:8: this is no text in UTF-8; save",
    }
    for name, expected in mistakes.items():
        with pytest.raises(BadScenario, match=expected):
            load(tmp_path / name)
