"""docs/coverage.md says what is so: its tests give its table, its settings can be read, its command runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from localwaba import Emulator
from pytest_localwaba.coverage import add_options

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "coverage.md").read_text(encoding="utf-8")
GUIDE = (ROOT / "docs" / "pytest.md").read_text(encoding="utf-8")
_BIN = Path(sys.executable).parent
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)


def texts(language: str, page: str = PAGE) -> list[str]:
    return [text for kind, text in _BLOCK.findall(page) if kind == language]


def run(folder: Path, command: str, **more: str) -> subprocess.CompletedProcess[str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LOCALWABA_", "PYTEST_", "CI"))}
    environ = kept | {"PATH": f"{_BIN}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1", "COLUMNS": "200"}
    environ |= more
    return subprocess.run(["sh", "-c", command], cwd=folder, env=environ, capture_output=True, text=True, timeout=100)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The app of the guide and the tests of the page."""
    for text in (texts("python", GUIDE)[0], *texts("python")):
        (tmp_path / text.split()[1]).write_text(text, encoding="utf-8")
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n", encoding="utf-8")
    return tmp_path


def test_every_block_is_run() -> None:
    """There is no block of a kind that nothing here runs."""
    kinds = [kind for kind, _ in _BLOCK.findall(PAGE)]
    assert kinds == ["python", "sh", "text", "ini", "sh", "sh"]


def test_the_table_of_the_page(folder: Path) -> None:
    """The tests of the page pass, and the command of the page shows its table."""
    done = run(folder, texts("sh")[0])
    assert done.returncode == 0, done.stdout
    assert texts("text")[0] in done.stdout.replace(f"{folder}{os.sep}", "")
    assert (folder / "coverage.html").exists()


def test_the_settings_of_the_page(folder: Path) -> None:
    """The settings of the page are taken, and what they leave out is not counted."""
    (folder / "pytest.ini").write_text(f"{texts('ini')[0]}pythonpath = .\n", encoding="utf-8")
    done = run(folder, "pytest -q -p no:cacheprovider --waba-cov-report json:cov.json")
    assert done.returncode == 0, done.stdout + done.stderr
    parts = json.loads((folder / "cov.json").read_text("utf-8"))["parts"]
    names = [name for part in parts.values() for name in part["units"]]
    assert "security/PIN changed" in names
    assert not {"pin", "132001", "interactive/order_details", "account_update/disabled"} & set(names)


def test_the_shards_of_the_page(folder: Path) -> None:
    """Two runs and their union say what one run of all tests says."""
    done = run(folder, f"set -e\n{texts('sh')[1]}")
    assert done.returncode == 0, done.stdout + done.stderr
    assert texts("text")[0].rpartition("contract coverage")[0] in done.stdout
    run(folder, "pytest -q -p no:cacheprovider --waba-cov-report json:whole.json")
    assert (folder / "coverage.json").read_text("utf-8") == (folder / "whole.json").read_text("utf-8")


def test_the_command_of_the_page(tmp_path: Path) -> None:
    """The command tells of a running emulator, and its page is written."""
    with Emulator() as emulator:
        ana = emulator.user("Ana")
        ana.sends("hi")
        world = emulator.world
        message = {"messaging_product": "whatsapp", "to": ana.wa_id, "type": "text", "text": {"body": "Hello"}}
        world.post(f"{world.phone_number_id}/messages", message)
        done = run(tmp_path, texts("sh")[2], LOCALWABA_URL=emulator.url)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("messages     1 of 27 ")
    assert "missing statuses:\n  sent, delivered, read, failed\n" in done.stdout
    assert (tmp_path / "coverage.html").exists()


def test_options() -> None:
    """Every option and setting stands in the table, and nothing else."""
    seen: set[str] = set()

    class Parser:
        def getgroup(self, *_: str) -> Parser:
            return self

        def addoption(self, name: str, **_: object) -> None:
            seen.add(name)

        def addini(self, name: str, *_: object, **__: object) -> None:
            seen.add(name)

    add_options(Parser())  # type: ignore[arg-type]
    table = PAGE.partition("| option |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(--waba-cov[\w-]*|waba_cov\w*)", table)) == seen


def test_links() -> None:
    """Every link leads to a file."""
    for path in re.findall(r"\]\(([^)#]+)\)", PAGE):
        assert (ROOT / "docs" / path).exists(), path
