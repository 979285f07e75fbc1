"""The bot that people are told to copy passes the check that they are told to run."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import pytest

from localwaba.cli import main


@pytest.mark.consumer
def test_the_sample_bot_breaks_no_rule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--app` starts it with everything it needs, and it ends with 0 and nothing found but, perhaps, slowness."""
    monkeypatch.chdir(tmp_path)
    command = f"{shlex.quote(sys.executable)} -m localwaba.samples.bot"
    status = main(["check", "--app", command, "--port", "0", "--skip", "answer-fast"])
    out = capsys.readouterr().out
    assert (status, "✗" in out, "! " in out) == (0, False, False), out
    assert "the app made no call" not in out


def test_an_app_that_ends_at_once_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A command that fails is one line, with the end of what it printed."""
    command = f"{shlex.quote(sys.executable)} -c 'raise SystemExit(\"no database\")'"
    assert main(["check", "--app", command, "--port", "0"]) == 2
    assert capsys.readouterr().err == "localwaba: check: the app ended with status 1: no database\n"
