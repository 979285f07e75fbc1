"""What `localwaba run` says of apps that are down, hang, die, answer late or something else, and how it shows a run."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as Xml

import pytest

from localwaba.cli.playbill import Playbill
from localwaba.cli.render import Stage
from localwaba.runtime.player import Played, Result, unplayed
from localwaba_scenarios.loader import read
from localwaba_scenarios.model import Scenario

pytestmark = pytest.mark.consumer
APP = Path(__file__).with_name("faulty_app.py")
STORY = """name: {name}
users: {{{user}: {{name: {name}}}}}
steps:
  - {user} says: Hi
  - app replies to {user}: {{text: /^Hello/, within: {within}}}
"""

INTERRUPTIBLE = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which is ignored in what a shell has put into the background
from localwaba.cli import main
sys.exit(main())
"""


def story(name: str, user: str, within: str = "0.4 s") -> str:
    return STORY.format(name=name, user=user, within=within)


def run(folder: Path, mode: str, *stories: str, words: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    (folder / "s.yaml").write_text("---\n".join(stories), encoding="utf-8")
    environ = {name: value for name, value in os.environ.items() if not name.startswith("LOCALWABA_")}
    command = [sys.executable, "-m", "localwaba", "run", "s.yaml", "--app", f"{sys.executable} {APP} {mode}", *words]
    return subprocess.run(
        command, cwd=folder, env=environ | {"PYTHONIOENCODING": "utf-8"}, capture_output=True, encoding="utf-8",
        timeout=120, check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("fails", "Ana received nothing: the app answered the webhook with 500"),
        ("other", "Ana did not receive that: the app sent 1 other message"),
        ("late", "Ana received nothing: the app answered the webhook with 200"),
    ],
)
def test_wrong_apps(tmp_path: Path, mode: str, expected: str) -> None:
    """The first line of a failure says what the app did instead; no line is broken where nobody sees a terminal."""
    done = run(tmp_path, mode, story("Ana", "ana"))
    assert (done.returncode, done.stderr) == (1, "")
    assert expected in done.stdout
    assert "Expected a message to Ana\n" in done.stdout
    assert done.stdout.rstrip().split("\n")[-2].startswith("s.yaml:5:5: app replies to ana: Ana ")
    assert not [line for line in done.stdout.split("\n") if line != line.rstrip()]


def test_an_app_that_dies(tmp_path: Path) -> None:
    """An app that ends is the reason that is told first, and nothing more is played."""
    done = run(tmp_path, "dies", story("Ana", "ana"), story("Bo", "bo"), words=("--junit", "r.xml", "--html", "r.html"))
    assert done.returncode == 1
    assert "s.yaml:5:5: app replies to ana: the app ended with status 3 while this was played" in done.stdout
    assert "not played: the app had ended with status 3\n0 passed, 1 failed, 1 not played in " in done.stdout
    first, second = Xml.parse(tmp_path / "r.xml").getroot().iter("testcase")
    assert ([one.tag for one in first][:1], [one.tag for one in second]) == (["failure"], ["skipped"])
    assert "0 passed, 1 failed, 1 not played" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_exitfirst(tmp_path: Path) -> None:
    """With -x nothing is played behind the first failure."""
    done = run(tmp_path, "other", story("Ana", "ana"), story("Bo", "bo"), words=("-x",))
    assert done.returncode == 1
    assert "not played: one has failed, and --exitfirst\n0 passed, 1 failed, 1 not played in " in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="a signal is sent to one process")
def test_ctrl_c(tmp_path: Path) -> None:
    """Whoever breaks a run off is told what was played, on the terminal and in the reports; the status is 130."""
    stories = (story("Ana", "ana", "60 s"), story("Bob", "bob", "60 s"), story("Eva", "eva", "60 s"))
    (tmp_path / "s.yaml").write_text("---\n".join(stories), encoding="utf-8")
    command = [sys.executable, "-c", INTERRUPTIBLE, "run", "s.yaml", "--app", f"{sys.executable} {APP} once"]
    command += ["--junit", "r.xml", "--html", "r.html"]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if not name.startswith("LOCALWABA_")}
        | {"PYTHONIOENCODING": "utf-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    ) as running:
        assert running.stdout is not None
        try:
            while not (line := running.stdout.readline()).startswith("✓ Ana"):
                assert line
            running.send_signal(signal.SIGINT)
            out, err = running.communicate(timeout=50)
        finally:
            running.kill()
    assert (running.returncode, err) == (130, "")
    assert out.endswith("\nnot played: interrupted\n1 passed, 2 not played in " + out.rpartition(" in ")[2])
    cases = Xml.parse(tmp_path / "r.xml").getroot().iter("testcase")
    assert [one.find("skipped") is not None for one in cases] == [False, True, True]
    assert "2 not played" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_rows_that_fail_alike(tmp_path: Path) -> None:
    """Rows of examples that fail at the same line are told apart in the last lines, too."""
    done = run(tmp_path, "other", story("Ana", "ana") + "examples:\n  - {name: José}\n  - {name: 李雷}\n")
    last = done.stdout.rstrip().split("\n")[-3:]
    assert [line.rpartition(" (waited 0.4 s).")[2] for line in last[:2]] == [" [name: José]", " [name: 李雷]"]
    assert last[2].startswith("0 passed, 2 failed in ")


def test_a_late_answer_is_no_fault_of_the_next_scenario(tmp_path: Path) -> None:
    """What an app sends to the users of a scenario that is over does not fail the one that is played now."""
    done = run(tmp_path, "late", story("Ana", "ana"), story("Bo", "bo", "20 s"))
    assert "✓ Bo" in done.stdout
    assert "1 passed, 1 failed in" in done.stdout


def test_a_failed_handshake(tmp_path: Path) -> None:
    """A webhook that does not verify is told with Meta's words, why, what to do, and what the app printed."""
    done = run(tmp_path, "denies", story("Ana", "ana"))
    assert done.returncode == 2
    text, why, fix, head, *printed = done.stderr.rstrip().split("\n")
    assert text.startswith("localwaba: run: the webhook http://127.0.0.1:")
    assert "failed its handshake: (#2200) " in text
    assert why == "  why: the callback answered 403 where only 200 verifies"
    assert fix.startswith("  fix: Compare hub.verify_token")
    assert (head, set(printed)) == ("  What the app printed", {"    who is this?"})


# what a terminal shows


class Terminal(io.StringIO):
    """Takes what is printed, as a terminal would."""

    encoding = "utf-8"  # type: ignore[assignment]

    def isatty(self) -> bool:
        return True


def shown(results: list[Result], width: int, monkeypatch: pytest.MonkeyPatch, **environ: str) -> str:
    for name in ("NO_COLOR", "FORCE_COLOR", "CI", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in ({"TERM": "xterm-256color"} | environ).items():
        monkeypatch.setenv(name, value)
    out = Terminal()
    with Playbill(Stage(out, width), chat=True) as bill:
        bill.open(len(results))
        for one in results:
            bill.begin(one.scenario)
            bill.end(one)
        bill.close(results)
    return re.sub(r"\x1b\[[\d;?]*[A-Za-z]", "", out.getvalue()).replace("\r", "\n")


def scenario(name: str) -> Scenario:
    (found,) = read(story(name, "ana"))
    return found


def failed() -> Result:
    one = replace(scenario("Bad"), name="[bold]Bad")
    text = f"Ana received nothing.\n\n  {'word ' * 30}\n\nChat of Ana\n  Hi"
    return Result(one, (Played(one.steps[0], "passed"), Played(one.steps[1], "failed", text=text)), "", (), 1.0)


def test_the_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal a bar says how many are over, how many have failed, and what is played; it does not stay."""
    printed = shown([failed(), unplayed(scenario("Last"), "why")], 80, monkeypatch)
    assert "━" in printed
    assert "1/2" in printed
    assert "1 failed" in printed
    assert "[bold]Bad" in printed
    assert printed.endswith("\n")
    assert "━" not in printed.split("\n")[-2]


def test_reasons_keep_their_indentation(monkeypatch: pytest.MonkeyPatch) -> None:
    """A long line of a reason is broken below where it begins; the chat, which was shown before, is left out."""
    printed = shown([failed()], 60, monkeypatch, NO_COLOR="1")
    lines = [line for line in printed.split("\n") if "word" in line]
    assert len(lines) > 1
    assert {len(line) - len(line.lstrip()) for line in lines} == {6}
    assert "Chat of Ana" not in printed
