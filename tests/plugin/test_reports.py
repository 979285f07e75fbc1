"""What is told of a failed test: chat, journal, how to play it again; in JUnit XML and from workers too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as Xml

import pytest

from localwaba import Waba
from localwaba.cli import main
from localwaba_scenarios.loader import load

Run = Callable[..., pytest.RunResult]

CODE = """
import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

async def hook(request):
    if request.method == "POST" and b"explode" in await request.body():
        raise KeyError("no such order")
    return PlainTextResponse(request.query_params.get("hub.challenge", ""))

def make_app():
    return Starlette(routes=[Route("/webhook", hook, methods=["GET", "POST"])])

def test_it(waba):
    waba.webhook(make_app())
    ana = waba.user("Ana", wa_id="16465550144")
    ana.sends("hi")
    waba.advance(hours=2)
    ana.receives(type="text", text="Hello", timeout=0.05)
"""


@pytest.fixture(autouse=True)
def no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of the machine decides which emulator is used."""
    monkeypatch.delenv("LOCALWABA_URL", raising=False)
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")


@pytest.fixture
def run(pytester: pytest.Pytester, waba_server: Any) -> Run:
    def run(code: str, *args: str) -> pytest.RunResult:
        pytester.makepyfile(test_app=code)
        return pytester.runpytest_inprocess("-p", "pytest_localwaba.plugin", f"--waba-url={waba_server.url}", *args)

    return run


def section(result: pytest.RunResult, title: str) -> list[str]:
    """The lines of a section of the first failure."""
    lines = [re.sub(r"http://127\.0\.0\.1:\d+", "http://app", line) for line in result.outlines]
    start = next(place for place, line in enumerate(lines) if line.strip("- ") == title and line.startswith("-")) + 1
    rest = lines[start:]
    return rest[: next(place for place, line in enumerate(rest) if re.match(r"[-=_]{3,}", line))]


def test_story(run: Run) -> None:
    """Seed, world, what the app did with its webhooks, and how to keep it."""
    result = run(CODE.replace("test_it", "test_a_story"))  # no other test has this name, so nobody else has the world
    result.assert_outcomes(failed=1)
    story = section(result, "localwaba")
    assert re.fullmatch(r"seed 0, world test_app\.py-test_a_story-\w{8}, 2026-01-01 14:00:00 UTC, http://app", story[0])
    assert story[1:] == ["", "Keep it as a scenario:  pytest test_app.py::test_a_story --waba-save DIR"]
    journal = section(result, "localwaba journal")
    assert [re.sub(r"^ *\d+", "n", line) for line in journal] == [
        "n  meta  messages: text -> http://app/webhook -> 200"
    ]


def test_saved(run: Run, pytester: pytest.Pytester) -> None:
    """With `--waba-save` the test is kept, and the line says exactly how to play it."""
    result = run(CODE, "--waba-save=.localwaba")
    (path,) = (pytester.path / ".localwaba").iterdir()
    line = section(result, "localwaba")[-1]
    assert line == f"Play it again:  localwaba run .localwaba/{path.name} --webhook-url http://app/webhook"
    (scenario,) = load(path)
    assert scenario.name == "test_app.py::test_it"
    assert [f"{step.sentence}: {step.argument}".rstrip(": ") for step in scenario.steps] == [
        "ana says: hi",
        "2 hours pass",
        "app replies to ana: {type: text, text: Hello, within: 50 ms}",
    ]


def test_played_again(run: Run, pytester: pytest.Pytester, app: Any, capsys: pytest.CaptureFixture[str]) -> None:
    """What was kept fails again in the same way against the same app, by the command that the line names."""
    run(CODE, "--waba-save=kept")
    (path,) = (pytester.path / "kept").iterdir()
    capsys.readouterr()
    assert main(["run", str(path), "--webhook-url", app.url, "--port", "0"]) == 1
    assert "Ana received nothing" in capsys.readouterr().out


def test_only_failures_are_kept(run: Run, pytester: pytest.Pytester) -> None:
    """Tests that pass leave nothing behind."""
    run("def test_it(waba):\n    waba.user('Ana').sends('hi')\n", "--waba-save=kept").assert_outcomes(passed=1)
    assert not (pytester.path / "kept").exists()


def test_folder_of_the_ini_file(run: Run, pytester: pytest.Pytester) -> None:
    """The folder may stand in the ini file."""
    pytester.makeini("[pytest]\nwaba_save = from_ini\n")
    run(CODE)
    assert len(list((pytester.path / "from_ini").iterdir())) == 1


def test_refusals_fail_again(run: Run, pytester: pytest.Pytester) -> None:
    """A refusal over which the test failed is no expectation of the scenario: it fails over it, too."""
    code = """
def test_it(waba):
    waba.user("Ana", wa_id="16465550144").sends("hi")
    waba.link.graph("POST", f"/v26.0/{waba.phone_number_id}/messages", {})
"""
    run(code, "--waba-save=kept")
    (path,) = (pytester.path / "kept").iterdir()
    (scenario,) = load(path)
    assert [step.sentence for step in scenario.steps] == ["ana says"]
    assert "# here the app was refused with 100, which nobody expected" in path.read_text(encoding="utf-8")
    assert scenario.strict


def test_exceptions_of_the_app(run: Run) -> None:
    """What an app of this process raised is the failure of the test, with the lines of the app."""
    result = run(CODE.replace('"hi"', '"explode"'))
    result.assert_outcomes(failed=1)
    text = result.stdout.str()
    assert "E           KeyError: 'no such order'" in text.replace("E       KeyError", "E           KeyError")
    assert '>       raise KeyError("no such order")' in text.replace(">           raise", ">       raise")
    assert "raised by the app under test" in text


@pytest.mark.parametrize("mark", ["", "@pytest.mark.waba(strict=False)\n"], ids=["strict", "lenient"])
def test_exceptions_after_the_last_action(run: Run, mark: str) -> None:
    """What an app raises when the test has ended already fails the test all the same."""
    code = CODE.partition("    ana.sends")[0] + (
        '    waba.link.call("POST", "users/16465550144/messages", {"type": "text", "text": {"body": "explode"}})\n'
    )
    result = run(code.replace("def test_it", f"{mark}def test_it"))
    result.assert_outcomes(failed=1)
    assert "KeyError: 'no such order'" in result.stdout.str()


def properties(path: Path) -> dict[str, str]:
    return {one.attrib["name"]: one.attrib["value"] for one in Xml.parse(path).iter("property")}


def test_junit(run: Run, pytester: pytest.Pytester) -> None:
    """JUnit XML has seed, world, chat, journal and scenario as properties of the failed test."""
    run(CODE, "--junit-xml=results.xml")
    found = properties(pytester.path / "results.xml")
    assert sorted(found) == [f"localwaba_{name}" for name in ("chat", "journal", "replay", "scenario", "seed", "world")]
    assert found["localwaba_seed"] == "0"
    assert "  12:00:00 Ana: hi" in found["localwaba_chat"].splitlines()
    assert "  - ana says: hi" in found["localwaba_scenario"].splitlines()
    assert re.search(r"meta  messages: text -> http://\S+ -> 200", found["localwaba_journal"])


def test_workers(pytester: pytest.Pytester) -> None:
    """Failures of workers tell the same, apps of a worker are called there, files are kept where the run began."""
    pytester.makepyfile(test_app=CODE)
    args = ("-p", "xdist.plugin", "-p", "pytest_localwaba.plugin", "-n", "2", "--waba-save=kept", "--junit-xml=r.xml")
    result = pytester.runpytest_subprocess(*args)
    result.assert_outcomes(failed=1)
    (path,) = (pytester.path / "kept").iterdir()
    assert section(result, "localwaba")[-1].startswith(f"Play it again:  localwaba run kept/{path.name} --webhook-url ")
    assert properties(pytester.path / "r.xml")["localwaba_seed"] == "0"


def test_both_fixtures_in_workers(pytester: pytest.Pytester) -> None:
    """Worlds of both fixtures are apart in workers, with an app of their own each."""
    pytester.makepyfile(
        test_app=CODE.partition("def test_it")[0]
        + """
@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.parametrize("n", range(4))
def test_sync(waba, n):
    waba.webhook(make_app())
    waba.user("Ana").sends(str(n))
    assert [one["text"] for one in waba.messages()] == [str(n)]
    assert len(waba.deliveries(state="delivered")) == 1

@pytest.mark.anyio
@pytest.mark.parametrize("n", range(4))
async def test_async(awaba, n):
    await awaba.webhook(make_app())
    await (await awaba.user("Ana")).sends(str(n))
    assert [one["text"] for one in await awaba.messages()] == [str(n)]
    assert len(await awaba.deliveries(state="delivered")) == 1
"""
    )
    plugins = ("-p", "xdist.plugin", "-p", "anyio.pytest_plugin", "-p", "pytest_localwaba.plugin")
    pytester.runpytest_subprocess(*plugins, "-n", "2", "-W", "error").assert_outcomes(passed=8)


def test_a_report_never_fails(waba_server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """If nothing can be told, that is told."""
    from pytest_localwaba.reports import report
    from pytest_localwaba.worlds import Held, Marks

    world: Waba = waba_server.new_world()
    held = Held(world, Marks(seed=0, clock={}))
    world.close()
    told = report(held, "test_it", "", None)
    assert told.sections[0][1].startswith("seed 0; what happened cannot be told: no world of this server has this")
