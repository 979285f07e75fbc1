"""`localwaba contracts`: what it prints, and with which status it ends."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from localwaba import Emulator
from localwaba.cli import main
from localwaba.domain.traits import MEANINGS
from localwaba.version import __version__
from localwaba.versions.table import RELEASED, ROWS

SEND = {"messaging_product": "whatsapp", "to": "16505551234", "type": "text", "text": {"body": "Hello"}}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(["contracts", *words])
    found = capsys.readouterr()
    return status, found.out, found.err


@pytest.fixture
def columns(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal of 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")


def test_list(capsys: pytest.CaptureFixture[str]) -> None:
    """Names with their confidence and title, narrowed down by words; as JSON for machines."""
    status, out, _ = run(capsys, "list", "text")
    assert status == 0
    assert any(line.split() == ["requests/messages/text", "C", "A", "text", "message"] for line in out.splitlines())
    assert "webhooks/security" not in out
    status, out, _ = run(capsys, "list", "--json")
    assert {"name": "requests/messages/text", "title": "A text message", "confidence": "C"} in json.loads(out)
    assert run(capsys, "list", "nonsense") == (
        2,
        "",
        "localwaba: contracts: none has nonsense in its name or title\n",
    )


@pytest.mark.usefixtures("columns")
def test_list_in_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal titles are broken where they would run over its edge; in a pipe each contract stays one line."""
    piped = run(capsys, "list", "webhooks/account")[1]
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shown = run(capsys, "list", "webhooks/account")[1]
    assert max(len(line) for line in shown.splitlines()[:-2]) <= 80 < max(len(line) for line in piped.splitlines()[:-2])
    assert shown.split() == piped.split()


def test_show(capsys: pytest.CaptureFixture[str]) -> None:
    """One contract as JSON Schema, by its name or the end of it, for the version that is asked for."""
    assert json.loads(run(capsys, "show", "security")[1])["$id"].endswith("/webhooks/security.json")
    newest = json.loads(run(capsys, "show", "answers/phone_number")[1])
    older = json.loads(run(capsys, "show", "answers/phone_number", "--graph-version", "v23.0")[1])
    assert newest["properties"]["messaging_limit_tier"] is False
    assert older["properties"]["messaging_limit_tier"]


def test_validate_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What keeps its contract ends with 0; what breaks it with 1 and the place, what was expected, and the fix."""
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps(SEND))
    bad.write_text(json.dumps(SEND | {"text": {"bdy": "Hello"}}))
    assert run(capsys, "validate", str(good)) == (0, "1 request held against the contracts: none broken\n", "")
    status, out, _ = run(capsys, "validate", str(bad), str(good))
    assert status == 1
    assert out.splitlines() == [
        f"{bad}: the request breaks requests/messages/text",
        "  code 100: The parameter text['body'] is required.",
        "  at: text['body']",
        "  expected: a value that is not empty",
        "  fix: rename bdy to body",
        "2 requests held against the contracts: 1 broken",
    ]
    status, out, _ = run(capsys, "validate", str(bad), "--json")
    assert (status, json.loads(out)[0]["problem"]["fix"]) == (1, "rename bdy to body")


def test_validate_stdin(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """`-` reads standard input; lines of JSON, as `localwaba tail --json` prints them, are read one by one."""
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{json.dumps(SEND)}\n{json.dumps(SEND)}\n"))
    assert run(capsys, "validate", "-")[:2] == (0, "2 requests held against the contracts: none broken\n")


def test_validate_as(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--as` names the contract, so that any value can be judged."""
    file = tmp_path / "x.json"
    file.write_text('{"success": "yes"}')
    status, out, _ = run(capsys, "validate", str(file), "--as", "success")
    assert status == 1
    assert out.startswith(f"{file}: the value breaks answers/success\n")


def test_validate_for_a_version(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The version of a path decides which contract holds; `--graph-version` pins another one."""
    for version in ("v23.0", "v26.0"):
        answer = {"id": "11", "verified_name": "Shop", "messaging_limit_tier": "TIER_1K"}
        call = {
            "request": {"method": "GET", "url": f"https://graph.facebook.com/{version}/11"},
            "response": {"status": 200, "content": {"text": json.dumps(answer)}},
        }
        send = {  # by which it is known that 11 is a number
            "request": {"method": "POST", "url": f"https://graph.facebook.com/{version}/11/messages"},
            "response": {"status": 200},
        }
        (tmp_path / f"{version}.har").write_text(json.dumps({"log": {"entries": [call, send]}}))
    old, new = str(tmp_path / "v23.0.har"), str(tmp_path / "v26.0.har")
    kept = (0, "1 answer held against the contracts: none broken\n", "")
    assert run(capsys, "validate", old) == kept
    status, out, _ = run(capsys, "validate", old, "--graph-version", "v26.0")
    assert status == 1
    assert "entry 0: GET /v23.0/11: the answer breaks answers/phone_number\n" in out
    assert run(capsys, "validate", new)[0] == 1
    assert run(capsys, "validate", new, "--graph-version", "v23.0") == kept


def test_validate_an_emulator(capsys: pytest.CaptureFixture[str]) -> None:
    """`--url` judges all that a running emulator has seen."""
    with Emulator() as emulator:
        world = emulator.world
        world.user("Ada", wa_id="16505551234").sends("hi")
        world.link.graph("POST", f"/v26.0/{world.phone_number_id}/messages", SEND)
        status, out, _ = run(capsys, "validate", "--url", emulator.url)
    assert (status, out) == (0, "1 request, 1 answer held against the contracts: none broken\n")


def test_openapi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The document goes to standard output, or into a file."""
    file = tmp_path / "openapi.json"
    status, out, _ = run(capsys, "openapi", "--graph-version", "v23.0")
    assert (status, json.loads(out)["info"]["version"]) == (0, "v23.0")
    assert run(capsys, "openapi", "--graph-version", "v23.0", "--output", str(file)) == (
        0,
        "",
        f"{file}: OpenAPI 3.1\n",
    )
    assert file.read_text("utf-8") == out


DIFF = """\
v24.0, 8 October 2025
  answers/phone_number: GET /{phone_number_id}
    messaging_limit_tier: gone, it was one of TIER_50, TIER_250, TIER_1K,
      TIER_2K, TIER_10K, TIER_100K, TIER_UNLIMITED, TIER_NOT_SET
    whatsapp_business_manager_messaging_limit: new, one of TIER_50, TIER_250,
      TIER_2K, TIER_10K, TIER_100K, TIER_UNLIMITED, UNTIERED
  webhooks
    a status has `conversation` only inside a free entry point window; before,
      every status had it
  errors
    a page that is asked for by a wrong cursor is refused with 131059 (Invalid
      cursor), before with 100
v25.0, 18 February 2026; v26.0, 29 July 2026
  nothing that localwaba knows of
4 changes between v23.0 and v26.0 that localwaba knows of
"""


@pytest.mark.usefixtures("columns")
def test_diff(capsys: pytest.CaptureFixture[str]) -> None:
    """Version by version: contracts with their calls, webhooks and error codes, each in a sentence that fits."""
    assert run(capsys, "diff", "v23.0", "v26.0") == (0, DIFF, "")
    assert run(capsys, "diff", "v24.0", "v24.0") == (
        0,
        "no changes between v24.0 and v24.0 that localwaba knows of\n",
        "",
    )


@pytest.mark.usefixtures("columns")
def test_diff_of_codes(capsys: pytest.CaptureFixture[str]) -> None:
    """A code that takes the place of another is told once, with both; one that is merely new is told as such."""
    out = run(capsys, "diff", "v22.0", "v23.0")[1]
    assert "    134101 (Your template is still syncing): new\n" in out
    assert " ".join(out.split()).count("132018 (There's") == out.count("134100") == 1
    assert "    plain: refused with 132018, before with 100\n" in out


def test_diff_of_versions_that_are_not_served(capsys: pytest.CaptureFixture[str]) -> None:
    """An expired version is the oldest one, as Meta serves it; one that nobody knows is the newest; both are said."""
    status, out, err = run(capsys, "diff", "v9.0", "v27.0", "--json")
    assert (status, json.loads(out)) == (0, json.loads(run(capsys, "diff", "v21.0", "v26.0", "--json")[1]))
    assert err == (
        "localwaba: v9.0 has expired: Meta serves its calls as v21.0\n"
        "localwaba: v27.0 is unknown here, and taken for v26.0\n"
    )


def test_diff_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Machines get each change with the version that brings it."""
    found = json.loads(run(capsys, "diff", "v23.0", "v26.0", "--json")[1])
    assert [(one["version"], one["subject"], one["place"]) for one in found] == [
        ("v24.0", "answers/phone_number", "messaging_limit_tier"),
        ("v24.0", "answers/phone_number", "whatsapp_business_manager_messaging_limit"),
        ("v24.0", "webhooks", ""),
        ("v24.0", "errors", ""),
    ]


def test_every_difference_of_versions_is_told() -> None:
    """Each trait that some version changes has a sentence, unless contracts tell it; each version has its date."""
    rows = [msgspec.structs.asdict(row) for row in ROWS.values()]
    changed = {name for name in rows[0] if name != "version" and len({row[name] for row in rows}) > 1}
    assert changed - set(MEANINGS) == {"messaging_limit_tier"}
    assert {name for name in MEANINGS if isinstance(rows[0][name], bool) and not MEANINGS[name].off} == set()
    assert list(RELEASED) == list(ROWS)


MISTAKES = {
    ("lst",): "contracts: there is no lst; did you mean list?",
    ("show",): "contracts: show takes one name; localwaba contracts list has them",
    ("show", "requests/messages/txt"): (
        "contracts: there is no contract requests/messages/txt; did you mean requests/messages/text?"
    ),
    ("show", "text", "--graph-version", "23"): "contracts: 23 is no Graph version: write it as v26.0",
    ("diff", "v26.0", "v23.0"): "contracts: diff goes from the older version to the newer one: v23.0 v26.0",
    ("diff", "v23.0"): "contracts: diff takes two Graph versions: localwaba contracts diff v23.0 v26.0",
    ("validate",): "contracts: validate takes files (HAR, journal, webhook, send), or --url of an emulator",
    ("validate", "nowhere.json"): "contracts: cannot read nowhere.json: No such file or directory",
    ("validate", "text.json"): "contracts: text.json is no JSON: Expecting value: line 1 column 1 (char 0)",
    ("validate", "other.json"): (
        "contracts: other.json: no HAR, journal, webhook or send; name the contract that is meant with --as"
    ),
    (
        "validate",
        "other.json",
        "--as",
        "sucess",
    ): "contracts: there is no contract sucess; did you mean answers/success?",
    ("validate", "--url", "http://127.0.0.1:9"): (
        "contracts: no emulator answers at http://127.0.0.1:9: [Errno 111] Connection refused"
    ),
    ("openapi", "--output", "no/folder/x.json"): "contracts: cannot write no/folder/x.json: No such file or directory",
    ("validate", "empty.json"): "contracts: empty.json is empty",
    ("coverage", "empty.json"): "contracts: empty.json is empty",
    ("validate", "nan.json"): "contracts: nan.json is no JSON: there is no NaN in JSON",
    ("validate", "wide.json"): "contracts: wide.json is no text in UTF-8",
}


def test_bodies_that_a_har_lacks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One line tells of bodies that were left out of a HAR: what was not read has not passed."""
    for count, told in (
        (1, "1 body in JSON is left out of the file, or compressed with br or zstd: entry 0: GET /v26.0/1: answer"),
        (5, "5 bodies in JSON are left out of the file, or compressed with br or zstd: "),
    ):
        entry = {
            "request": {"method": "GET", "url": "https://graph.facebook.com/v26.0/1"},
            "response": {"status": 200, "content": {"mimeType": "application/json", "size": 9}},
        }
        (tmp_path / "x.har").write_text(json.dumps({"log": {"entries": [entry] * count}}), "utf-8")
        status, out, _ = run(capsys, "validate", str(tmp_path / "x.har"))
        assert (status, out.count("\n")) == (0, 2)
        assert out.startswith(told)
    assert ": answer and 2 more\nnothing held against the contracts" in out


@pytest.mark.parametrize("words", MISTAKES, ids=" ".join)
def test_mistakes(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is typed wrongly is one clear line and status 2."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.json").write_text("not json")
    (tmp_path / "other.json").write_text('{"x": 1}')
    (tmp_path / "empty.json").write_text("\n\n")
    (tmp_path / "nan.json").write_text('{"messaging_product": "whatsapp", "x": NaN}')
    (tmp_path / "wide.json").write_text("{}", encoding="utf-16")
    assert run(capsys, *words) == (2, "", f"localwaba: {MISTAKES[words]}\n")


def _journal(capsys: pytest.CaptureFixture[str], path: Path) -> Path:
    """The journal of a world with one send, as a file."""
    with Emulator() as emulator:
        waba = emulator.new_world()
        waba.user("Ana").sends("hi")
        send = SEND | {"to": waba.users[0].wa_id}
        assert waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", send).status == 200
        path.write_text(json.dumps(waba.link.call("GET", "journal")), "utf-8")
    capsys.readouterr()
    return path


def test_coverage_of_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What journals exercised, together, as a table, as JSON and as a page; 1 if it is less than required."""
    file = _journal(capsys, tmp_path / "journal.json")
    status, out, err = run(capsys, "coverage", str(file), "--of", "messages,operations", "--missing")
    assert (status, err) == (0, "")
    told = [re.fullmatch(r"(\w+) +1 of (\d+) +([\d.]+)%  (.*)", line) for line in out.splitlines()[:2]]
    assert [found and (found[1], found[3] == f"{100 / int(found[2]):.1f}", found[4]) for found in told] == [
        ("messages", True, "message types that were sent"),
        ("operations", True, "Graph operations that succeeded"),
    ]
    assert "missing operations:" in out
    lines = tmp_path / "journal.jsonl"
    lines.write_text("\n".join(json.dumps(one) for one in json.loads(file.read_text("utf-8"))["entries"]), "utf-8")
    page = tmp_path / "cov.html"
    words = ("--json", "--html", str(page), "--of", "messages", "--ignore", "interactive/*", "--fail-under", "50")
    status, out, err = run(capsys, "coverage", str(file), str(lines), *words)
    assert status == 1
    assert err == "localwaba: contract coverage is 8.3% (1 of 12), less than the required 50%\n"
    assert json.loads(out)["parts"]["messages"]["units"]["text"] == 2
    assert '<header class="failed"><h1>8.3% of the contracts</h1>' in page.read_text("utf-8")
    assert run(capsys, "coverage", str(file), "--of", "messages", "--fail-under", "3")[0] == 0


def test_coverage_of_a_running_emulator(capsys: pytest.CaptureFixture[str]) -> None:
    """The journal of the world that is named counts."""
    with Emulator() as emulator:
        waba = emulator.new_world()
        waba.get(waba.phone_number_id)
        words = ("--url", emulator.url, "--of", "operations", "--json")
        status, out, _ = run(capsys, "coverage", *words, "--token", waba.access_token)
        assert (status, json.loads(out)["covered"]) == (0, 1)
        assert json.loads(run(capsys, "coverage", *words)[1])["covered"] == 0


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ((), "coverage takes files (reports, journals, HAR), or --url of an emulator"),
        (("{file}", "--of", "mesages"), "--of: there is no part mesages; did you mean messages?"),
        (("{file}", "--fail-under", "x"), "--fail-under is a percentage from 0 to 100, not x"),
        (("{file}", "--ignore", "nothing"), "--ignore nothing stands for nothing"),
        (("{nothing}", "--ignore", "*"), "--ignore leaves nothing that counts"),
        (
            ("{file}",),
            "{file} is no report of coverage, no HAR, and no journal, "
            "which GET /_localwaba/journal and localwaba tail --json give",
        ),
    ],
)
def test_coverage_with_a_slip(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], text: str
) -> None:
    """A slip ends with 2 and one line."""
    file = tmp_path / "send.json"
    file.write_text(json.dumps(SEND))
    nothing = tmp_path / "nothing.json"
    nothing.write_text("[]")
    given = [word.format(file=file, nothing=nothing) for word in words]
    assert run(capsys, "coverage", *given) == (2, "", f"localwaba: contracts: {text.format(file=file)}\n")


def _har(path: Path, *posts: tuple[str, dict[str, Any], int]) -> Path:
    """A HAR file of calls and webhooks, each with its URL, body and status."""
    entries: list[Any] = [
        {
            "request": {
                "method": "POST" if body else "GET",
                "url": url,
                "postData": {"mimeType": "application/json", "text": json.dumps(body)},
            },
            "response": {"status": status, "content": {"text": '{"id": "1"}'}},
        }
        for url, body, status in posts
    ]
    path.write_text(json.dumps({"log": {"entries": entries}}), "utf-8")
    return path


def test_coverage_of_a_har(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What a HAR holds counts, together with journals; calls that may be several operations are told of."""
    graph = "https://graph.facebook.com/v26.0"
    message = {"from": "1", "id": "wamid.x", "type": "text", "text": {"body": "hi"}}
    change = {"field": "messages", "value": {"messages": [message], "statuses": [{"status": "read"}]}}
    hook = {"object": "whatsapp_business_account", "entry": [{"id": "22", "changes": [change]}]}
    file = _har(
        tmp_path / "app.har",
        (f"{graph}/11/messages", SEND, 200),
        ("http://localhost:8000/hook", hook, 200),
        (f"{graph}/77", {}, 200),
        ("https://shop.example/", {}, 200),
    )
    status, out, err = run(capsys, "coverage", str(file), "--json", "--of", "all")
    assert status == 0
    assert json.loads(out)["counts"] == {
        "messages:text": 1,
        "operations:send_message": 1,
        "statuses:read": 1,
        "webhooks:messages/text": 1,
    }
    assert err == (f"localwaba: {file}: 1 call may be one operation or another, and count as none: GET /v26.0/77\n")
    journal = _journal(capsys, tmp_path / "journal.json")
    _, out, _ = run(capsys, "coverage", str(file), str(journal), "--json")
    assert json.loads(out)["counts"]["messages:text"] == 2
    status, out, _ = run(capsys, "validate", str(file))
    assert out.splitlines()[-2] == "1 request to others than the platform left out"


def test_coverage_in_files(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--output` writes the JSON beside the table, folders are made, and what cannot be written is one line."""
    file = _har(tmp_path / "app.har", ("https://graph.facebook.com/v26.0/11/messages", SEND, 200))
    output = tmp_path / "new" / "coverage.json"
    status, out, _ = run(capsys, "coverage", str(file), "--output", str(output))
    assert (status, out.splitlines()[0].split()[:4]) == (0, ["messages", "1", "of", "27"])
    assert out.splitlines()[-1] == f"contract coverage as JSON in {output}"
    assert run(capsys, "coverage", str(output), "--json")[1] == output.read_text("utf-8")
    blocked = str(file / "x.html")
    status, _, err = run(capsys, "coverage", str(file), "--html", blocked)
    assert (status, err) == (2, f"localwaba: contracts: cannot write {blocked}: File exists\n")


def test_coverage_with_a_report_of_another_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It is told that its counts were made by other catalogues."""
    file = tmp_path / "old.json"
    found = json.loads(run(capsys, "coverage", str(_journal(capsys, tmp_path / "j.json")), "--json")[1])
    file.write_text(json.dumps(found | {"localwaba": "0.0.9"}), "utf-8")
    status, _, err = run(capsys, "coverage", str(file))
    assert (status, err) == (0, f"localwaba: {file} is of localwaba 0.0.9, and held against what {__version__} knows\n")


def test_words_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Options may stand before, between and after the words; without a word everything is listed."""
    file = tmp_path / "nothing.json"
    file.write_text("[]")
    words = ["coverage", "--of", "statuses", str(file), "--fail-under", "0", str(file)]
    told = run(capsys, *words)
    assert told[0] == 0
    assert told == run(capsys, "--of", "statuses", "coverage", str(file), str(file))
    assert run(capsys, "diff", "--json", "v24.0", "v25.0")[:2] == (0, "[]\n")
    assert run(capsys, "--json") == run(capsys, "list", "--json")
