"""The documents say what is true: their commands run, their links lead somewhere, their tables are current."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md")
_BLOCK = re.compile(r"(?:<!-- docs: (?P<how>\w+) -->\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```", re.M | re.S)
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_BIN = Path(sys.executable).parent


class Block(NamedTuple):
    """A piece of code in the README; `how` says that it needs a treatment of its own."""

    how: str
    language: str
    text: str

    def __repr__(self) -> str:
        return f"{self.how or self.language}: {self.text.strip().splitlines()[0][:40]}"


def blocks() -> list[Block]:
    found = _BLOCK.finditer((ROOT / "README.md").read_text(encoding="utf-8"))
    return [Block(one["how"] or "", one["language"], one["text"]) for one in found]


def select(how: str, language: str) -> list[Block]:
    return [block for block in blocks() if (block.how, block.language) == (how, language)]


def load_magic_table() -> ModuleType:
    spec = spec_from_file_location("magic_table", Path(__file__).with_name("magic_table.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def environment() -> dict[str, str]:
    """This process's environment, with the console scripts of this Python first."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("LOCALWABA_")}
    return kept | {"PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1"}


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, str]]:
    """The environment that `localwaba serve` prints, while it serves."""
    command = [str(_BIN / "localwaba"), "serve", "--port", "0"]
    with subprocess.Popen(
        command, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        found: dict[str, str] = {}
        for line in process.stdout:
            if line.startswith("export "):
                name, _, value = line.removeprefix("export ").strip().partition("=")
                found[name] = value
            if line.startswith("Ready."):
                break
        yield environment() | found
        process.send_signal(signal.SIGINT)
        process.wait(10)


def test_every_block_is_run() -> None:
    """No block of the README is of a kind that nothing here runs."""
    known = {
        ("install", "sh"),
        ("serve", "sh"),
        ("", "sh"),
        ("", "toml"),
        ("", "yaml"),  # played by test_scenarios.py
        ("", "text"),
        ("pytest", "python"),
        ("", "python"),
    }
    assert {(block.how, block.language) for block in blocks()} <= known


def test_the_two_commands() -> None:
    """The two commands stand there to the letter."""
    expected = [
        "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/localwaba demo\n",
        "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/python -m pytest\n",
    ]
    assert expected == [block.text for block in select("install", "sh")]


@pytest.mark.parametrize("block", select("", "sh"), ids=repr)
def test_shell(block: Block, served: dict[str, str]) -> None:
    """A block for the shell runs in the environment that serve prints, and no call of it is refused."""
    script = "set -eu\n" + block.text.replace("curl -s", "curl -sSf")
    done = subprocess.run(["sh", "-c", script], env=served, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    if "curl" not in block.text:
        return
    decoder, rest = json.JSONDecoder(), done.stdout.strip()
    while rest:
        answer, end = decoder.raw_decode(rest)
        assert isinstance(answer, dict)
        rest = rest[end:].strip()


@pytest.mark.parametrize("block", select("serve", "sh"), ids=repr)
def test_serve(block: Block) -> None:
    """A block that serves prints the variables of the block after it, and ends well when it is interrupted."""
    words = block.text.split()
    words[0] = str(_BIN / "localwaba")
    words[words.index("--port") + 1] = "0"
    with subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line.startswith("Ready."):
                break
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 130)
    shown = blocks()[blocks().index(block) + 1].text
    expected = [line.partition("=")[0] for line in shown.splitlines() if line.startswith("export")]
    assert expected == [line.partition("=")[0] for line in lines if line.startswith("export")]


@pytest.mark.parametrize("block", select("", "toml"), ids=repr)
def test_settings_file(block: Block, tmp_path: Path) -> None:
    """A file of settings can be read."""
    from localwaba.runtime.settings import read_settings

    path = tmp_path / "localwaba.toml"
    path.write_text(block.text, encoding="utf-8")
    assert read_settings({}, {}, path).webhook_url == tomllib.loads(block.text)["webhook"]["url"]


@pytest.mark.parametrize("block", select("pytest", "python"), ids=repr)
def test_pytest_block(block: Block, tmp_path: Path) -> None:
    """A test file runs as it stands there, and passes."""
    (tmp_path / "test_it.py").write_text(block.text, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("block", select("", "python"), ids=repr)
def test_python_block(block: Block, tmp_path: Path) -> None:
    """A script runs as it stands there."""
    command = [sys.executable, "-c", block.text]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_links(page: str) -> None:
    """Every link to a file leads to one, every link to a heading to a heading."""
    text = (ROOT / page).read_text(encoding="utf-8")
    headings = {
        re.sub(r"[^\w -]", "", line.lstrip("# ").lower()).replace(" ", "-") for line in re.findall(r"^#.*$", text, re.M)
    }
    for link in _LINK.findall(text):
        path, _, anchor = link.partition("#")
        if "://" in link:
            continue
        assert not path or (ROOT / path).exists(), f"{page} links to {link}"
        assert path or anchor in headings, f"{page} links to {link}"


def test_magic_numbers() -> None:
    """The table of magic numbers is what the rules say now."""
    module = load_magic_table()
    assert module.render() == module.current()


def test_numbers_are_not_ambiguous() -> None:
    """No magic number stands for two outcomes."""
    numbers = [row.split("`")[1] for row in load_magic_table().render().splitlines() if row.startswith("| `")]
    assert len(numbers) == len(set(numbers))


def test_dependencies() -> None:
    """Each dependency is named in the README with a reason, and nothing else is."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[<>=;! \[]", one)[0].lower() for one in project["dependencies"]}
    table = (ROOT / "README.md").read_text(encoding="utf-8").partition("| dependency | why |")[2].partition("\n\n")[0]
    named = {name.strip().lower() for row in table.splitlines()[2:] for name in row.split("|")[1].split(",")}
    assert wanted == named


def test_files_of_the_map() -> None:
    """Every file and room that the map names is there."""
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    places = (ROOT / "emulator" / "localwaba", ROOT / "pytest_plugin" / "pytest_localwaba", ROOT)
    for name in re.findall(r"`((?:http|runtime|webhooks|operations|domain|wire)/[\w/.]*)`", text):
        assert any((place / name).exists() for place in places), name
    for name in re.findall(r"^(?:  )?([\w/]+)/ ", text, re.M):
        assert any((place / name).exists() for place in places), name


def test_commands_of_contributing() -> None:
    """Every script that contributors are told to run is there and can be run."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for name in re.findall(r"(?:scripts/|\.ci/)\w+", text):
        assert os.access(ROOT / name, os.X_OK), name
