"""The command line: what is typed, what is printed, and with which status it ends."""

from __future__ import annotations

import io
import os
import subprocess
from pathlib import Path

import pytest

from localwaba.cli import main
from localwaba.cli.commands import read_command
from localwaba.cli.environment import export_lines
from localwaba.cli.mistake import Mistake
from localwaba.cli.render import Check, Delivered, Stage
from localwaba.version import __version__


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings of somebody else: neither variables nor a localwaba.toml."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("LOCALWABA_")]:
        monkeypatch.delenv(name)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["srve"], "there is no command srve; did you mean serve?"),
        (["--verson"], "unknown option --verson; did you mean --version?"),
        (["serve", "--prot", "1"], "serve: unknown option --prot; did you mean --port?"),
        (["serve", "--port"], "argument --port: expected one argument (see localwaba serve --help)"),
        (["serve", "--port", "x"], "--port: expected int, got str"),
        (["serve", "--host", "0.0.0.0"], "set a control token with --control-token"),
        (["serve", "--config", "away.toml"], "away.toml: No such file or directory"),
        (["exec"], "exec: write the command after two dashes: localwaba exec -- python -m pytest"),
        (
            ["exec", "pytest", "-q"],
            "exec: pytest is one word too many; a command stands after two dashes: localwaba exec -- pytest -q",
        ),
        (["serve", "now"], "serve: now is one word too many"),
        (["demo", "--seed", "x"], "argument --seed: invalid int value: 'x' (see localwaba demo --help)"),
    ],
)
def test_mistakes(words: list[str], expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake in what was typed is one line on stderr and status 2."""
    assert main(words) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("localwaba: ")
    assert expected in shown.err
    assert shown.err.count("\n") == 1


def test_no_command(capsys: pytest.CaptureFixture[str]) -> None:
    """Without a command it shows what there is, and ends with status 2."""
    assert main([]) == 2
    assert "begin with: localwaba demo" in capsys.readouterr().err


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the version and ends well."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"localwaba {__version__}\n")


@pytest.mark.parametrize("command", ["serve", "demo", "run", "exec"])
def test_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command that the help names has a help of its own."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert f"    {command} " in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert (ended.value.code, capsys.readouterr().out[:6]) == (0, "usage:")


def test_a_file_of_settings_is_told_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A slip in localwaba.toml is one line that names the file, the table and the nearest key."""
    (tmp_path / "localwaba.toml").write_text("[webhook]\nur = 'x'\n", encoding="utf-8")
    assert main(["serve"]) == 2
    assert capsys.readouterr().err == "localwaba: localwaba.toml: unknown key ur in [webhook]; did you mean url?\n"


def test_exec_takes_a_free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes after the dashes is the program's own, options that look like ours included."""
    assert read_command(["exec", "--seed", "3", "--", "x", "--port", "9"]).name == "exec"
    with pytest.raises(Mistake):
        read_command(["exec", "--", ""][:2])


def test_export_lines_are_safe_to_paste() -> None:
    """A value with a quote or a space stays one value of the shell."""
    lines = export_lines({"A": "x'y z", "B": "plain"})
    shown = subprocess.run(
        ["sh", "-c", "; ".join([*lines, 'printf "%s|%s" "$A" "$B"'])], capture_output=True, text=True
    )
    assert shown.stdout == "x'y z|plain"


def drawn(encoding: str, width: int = 80) -> list[str]:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding)
    stage = Stage(out, width=width)
    stage.scene("A customer writes …")
    stage.bubble("Zoë", ["Hi " + "there " * 20], 0, choices=["Yes"], status="read", right=False)
    stage.bubble("Bot", ["Hello"], 0, choices=[], status="failed", right=True)
    stage.webhooks([Delivered("messages", "sent", "200", 2.4, True), Delivered("messages", "read", "500", 0.2, False)])
    stage.refusal("400", "text", "because Fix: do this")
    stage.summary([Check("a", True, "b"), Check("c", False, "d")], "Missing: c.")
    out.flush()
    return raw.getvalue().decode(encoding).splitlines()


@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
@pytest.mark.parametrize("width", [40, 80])
def test_bubbles_fit(encoding: str, width: int) -> None:
    """Whatever the terminal can show, no line is wider than it."""
    assert max(len(line) for line in drawn(encoding, width)) <= width


def test_bubbles_have_sides() -> None:
    """A user's bubble stands on the left, the business' on the right; each has its ticks."""
    lines = drawn("utf-8")
    mine = next(line for line in lines if "Zoë" in line)
    bots = next(line for line in lines if " Bot " in line)
    assert (mine[0], bots[0], bots.rstrip()[-1]) == ("╭", " ", "╮")
    assert any("00:00:00 ✓✓ read" in line for line in lines)
    assert any("00:00:00 ✗" in line for line in lines)


def test_a_terminal_without_unicode() -> None:
    """Without Unicode there are plain signs instead, and nothing of ours becomes a question mark."""
    lines = drawn("ascii")
    assert "A customer writes ... " in lines[1]
    assert any("00:00:00 vv read" in line for line in lines)
    assert [line for line in lines if "?" in line] == [line for line in lines if "Zo?" in line]


def test_webhooks_in_one_line() -> None:
    """Webhooks of one field are told in one line, with answer and duration."""
    assert "  webhook messages sent 200 2 ms, read 500 <1 ms" in drawn("utf-8")
