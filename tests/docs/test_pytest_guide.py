"""docs/pytest.md says what is so: its tests pass, its failure is told to the letter, its tables are whole."""

from __future__ import annotations

import configparser
import os
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import NamedTuple

import pytest

from localwaba import User
from localwaba.client.doings import Doing
from pytest_localwaba.options import add_options
from pytest_localwaba.worlds import _KNOWN

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
_BIN = Path(sys.executable).parent


class Block(NamedTuple):
    how: str
    language: str
    text: str


BLOCKS = [
    Block(how or "", language, text)
    for how, language, text in re.findall(r"(?:<!-- docs: (\w+) -->\n)?^```(\w+)\n(.*?)^```", PAGE, re.M | re.S)
]


def texts(language: str, how: str = "") -> list[str]:
    return [block.text for block in BLOCKS if (block.how, block.language) == (how, language)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every block that begins with a file's name, as that file, and the ini file."""
    for text in texts("python"):
        name = re.match(r"# (\w+\.py)\n", text)
        assert name is not None, text
        (tmp_path / name[1]).write_text(text, encoding="utf-8")
    (ini,) = texts("ini")
    (tmp_path / "pytest.ini").write_text(f"{ini}pythonpath = .\n", encoding="utf-8")
    return tmp_path


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LOCALWABA_", "PYTEST_", "CI"))}
    environ = kept | {"PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"}
    return subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, timeout=100)


def test_every_block_is_run() -> None:
    """There is no block of a kind that nothing here runs."""
    assert {(block.how, block.language) for block in BLOCKS} == {
        ("", "python"), ("fails", "python"), ("", "text"), ("", "ini"), ("", "sh"),
    }  # fmt: skip


def test_the_tests_of_the_page(folder: Path) -> None:
    """The command of the page runs the tests of the page with its settings, and every one of them passes."""
    (command,) = texts("sh")
    done = run(folder, "sh", "-c", command)
    count = sum(len(re.findall(r"^(?:async )?def test_", text, re.M)) for text in texts("python"))
    assert done.returncode == 0, done.stdout
    assert re.search(rf"\b{count} passed\b", done.stdout), done.stdout


def test_the_failure_of_the_page(folder: Path) -> None:
    """The failure that the page shows is told so, and kept under the name that the last line has."""
    (failing,) = texts("python", "fails")
    (folder / "test_order.py").write_text(failing.replace("test_a_greeting", "test_an_order"), encoding="utf-8")
    full = run(folder, str(_BIN / "pytest"), "-p", "no:cacheprovider", "test_order.py").stdout
    told, again = texts("text")
    shown = dedent("\n".join(line[1:] for line in full.splitlines() if re.match(r"E( |$)", line)))
    assert [line.rstrip() for line in shown.removeprefix("AssertionError: ").splitlines()] == told.splitlines()
    (line,) = [line for line in full.splitlines() if line.startswith("Play it again:")]
    shape = re.sub(r"\w{8}\.yaml --webhook-url \S+", "X", again.strip())
    assert re.sub(r"\w{8}\.yaml --webhook-url \S+", "X", line) == shape


def test_markers_and_settings() -> None:
    """Everything that the marker, the ini file and the command line take stands in the table, and nothing else."""
    table = PAGE.partition("| marker |")[2].partition("\n\n")[0].splitlines()[2:]
    rows = [[re.findall(r"`([\w-]+)`", cell) for cell in row.split("|")[1:4]] for row in table]
    named = [{word for row in rows for word in row[column]} for column in range(3)]
    seen: tuple[set[str], set[str]] = (set(), set())

    class Parser:
        def getgroup(self, *_: str) -> Parser:
            return self

        def addoption(self, name: str, **_: object) -> None:
            seen[1].add(name)

        def addini(self, name: str, *_: object, **__: object) -> None:
            seen[0].add(name)

    add_options(Parser())  # type: ignore[arg-type]
    assert (named[0], named[1], named[2]) == (set(_KNOWN), *seen)


def test_what_users_do_is_named() -> None:
    """Every deed of users stands on the page, those that send files by their endings."""
    names = [name for of in (User, Doing) for name in vars(of) if not name.startswith("_")]
    short = {name: name.replace("sends_", "_") for name in names}
    assert [name for name in names if f"`{name}" not in PAGE and f"`{short[name]}" not in PAGE and name not in (
        "resumes_marketing", "sees_typing",
    )] == []  # fmt: skip


def test_settings_file() -> None:
    """The settings of the page are those of a file that can be read."""
    (text,) = texts("ini")
    parser = configparser.ConfigParser()
    parser.read_string(text)
    assert set(parser["pytest"]) == {"waba_profile", "waba_timeout", "waba_save"}


def test_links() -> None:
    """Every link leads to a file."""
    for path in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
