"""No code block of any page is skipped: it is run here, by a test that is named, or there is a reason why not."""

from __future__ import annotations

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from collections import Counter
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from localwaba import ControlError
from localwaba.cli import commands
from localwaba_scenarios.loader import read


def load_pages() -> ModuleType:
    spec = spec_from_file_location("pages", Path(__file__).with_name("pages.py"))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    sys.modules["pages"] = module
    spec.loader.exec_module(module)
    return module


PAGES = load_pages()
ROOT: Path = PAGES.ROOT
CI = ROOT / "docs" / "ci"
_BIN = Path(sys.executable).parent


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("LOCALWABA_", "PYTEST_", "CI"))}
    path = f"{_BIN}{os.pathsep}{os.environ['PATH']}"
    return kept | {"PATH": path, "NO_PROXY": "127.0.0.1"}


def run(folder: Path, *command: str) -> None:
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=200)
    assert done.returncode == 0, f"{command[-1]}\n{done.stdout}\n{done.stderr}"


def perform(block: Any, folder: Path) -> None:
    """Does with a block what its reader would do."""
    written = re.fullmatch(r"file ([\w./-]+)", block.how)
    if written is not None:
        path = folder / written[1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
    if block.language == "sh":
        run(folder, "sh", "-euc", block.text)
    elif block.language == "python" and written is None:
        run(folder, sys.executable, "-c", block.text)
    elif block.language == "yaml":
        assert read(block.text)
    elif block.language == "toml":
        tomllib.loads(block.text)
    elif block.language == "json":
        json.loads(block.text)
    elif written is None:
        raise AssertionError(f"{block.page}:{block.line}: nobody knows how to run {block.language or 'a block'}")


def test_no_block_is_skipped() -> None:
    """Each block has exactly one treatment, and no entry of the lists is left without blocks."""
    lists = (PAGES.ELSEWHERE, PAGES.NOT_RUN)
    treated = Counter({block.kind: 0 for block in PAGES.blocks()})
    for kind in treated:
        treated[kind] = (kind[0] in PAGES.GENERIC) + sum(kind in one for one in lists)
    assert {kind: count for kind, count in treated.items() if count != 1} == {}
    assert [kind for one in lists for kind in one if kind not in treated] == []


def test_every_fence_is_seen() -> None:
    """No fence of a page opens a block that is not among the blocks."""
    seen = Counter(block.page for block in PAGES.blocks())
    for path in PAGES.PAGES:
        fences = len(re.findall(r"^ *```", path.read_text(encoding="utf-8"), re.M))
        assert fences == 2 * seen[str(path.relative_to(ROOT))], path


@pytest.mark.parametrize("place", sorted(set(PAGES.ELSEWHERE.values())))
def test_the_named_tests_exist(place: str) -> None:
    """A test that is said to run blocks is there."""
    path, _, name = place.partition("::")
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    assert name in [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]


def test_reasons() -> None:
    """Whatever is not run says why, in a sentence."""
    assert [kind for kind, reason in PAGES.NOT_RUN.items() if len(reason.split()) < 5] == []


@pytest.mark.timeout(600)  # a dozen programs, each with a Python of its own
@pytest.mark.parametrize("page", sorted(PAGES.GENERIC))
def test_blocks(page: str, tmp_path: Path) -> None:
    """A page can be followed from top to bottom in an empty folder."""
    for block in PAGES.blocks():
        if block.page == page:
            perform(block, tmp_path)


def test_an_announcement(waba: Any) -> None:
    """The call that docs/webhooks.md shows is taken."""
    (block,) = [one for one in PAGES.blocks() if one.page == "docs/webhooks.md"]
    method, path, body = block.text.strip().split(" ", 2)
    waba.link.call(method, path.removeprefix("/_localwaba/"), json.loads(body))
    with pytest.raises(ControlError):
        waba.link.call(method, path.removeprefix("/_localwaba/"), {"field": "no_field"})


# the files for CI systems, which cannot be run here


@pytest.mark.parametrize("name", ["github-actions.yml", "github-actions-shards.yml", "compose.yml", "Dockerfile"])
def test_what_is_not_run_says_so(name: str) -> None:
    """Each file says in its first line that it has not been run here; the page links to it."""
    assert (CI / name).read_text(encoding="utf-8").startswith("# An example, not run where localwaba is tested")
    assert f"(ci/{name})" in (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")


def steps(name: str) -> list[str]:
    workflow = yaml.safe_load((CI / name).read_text(encoding="utf-8"))
    return [step["run"] for job in workflow["jobs"].values() for step in job["steps"] if "run" in step]


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((CI / "compose.yml").read_text(encoding="utf-8"))["services"]
    return found


@pytest.mark.parametrize(
    ("name", "commands_"), [("github-actions.yml", ["run", "exec"]), ("github-actions-shards.yml", ["contracts"])]
)
def test_commands_of_the_jobs(name: str, commands_: list[str]) -> None:
    """Every command of localwaba in the jobs can be typed: its name and its options exist."""
    lines = [line.split() for line in steps(name) if line.startswith("localwaba ")]
    assert [words[1] for words in lines] == commands_
    for words in lines:
        assert {word for word in words if word.startswith("--") and word != "--"} <= {*commands.options(words[1])}


def test_the_service_starts() -> None:
    """The service's options exist, its variables are settings, and together they are a valid start."""
    service = services()["localwaba"]
    name, *options = service["command"]
    from localwaba.runtime.settings import read_settings

    known = commands.options(name)
    given = {known[flag]: value for flag, value in zip(options[::2], options[1::2], strict=True)}
    settings = read_settings(given, {name: str(value) for name, value in service["environment"].items()})
    assert (settings.host, settings.allow_targets) == ("0.0.0.0", ("app",))
    assert (settings.app_secret, settings.verify_token) == ("app-secret", "verify-me")
    port = re.search(r"EXPOSE (\d+)", (CI / "Dockerfile").read_text(encoding="utf-8"))
    assert port is not None
    assert service["ports"] == [f"127.0.0.1:{port[1]}:{settings.port}"]


def test_the_app_knows_the_same_secrets() -> None:
    """The app beside it checks signatures and the handshake with what the emulator uses."""
    emulator, app = (services()[name]["environment"] for name in ("localwaba", "app"))
    assert app["APP_SECRET"] == emulator["LOCALWABA_APP_SECRET"]
    assert app["VERIFY_TOKEN"] == emulator["LOCALWABA_VERIFY_TOKEN"]


def test_links() -> None:
    """Every link of docs/ci.md leads to a file."""
    text = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
    assert [path for path in re.findall(r"\]\(([^)#]+)\)", text) if not (ROOT / "docs" / path).exists()] == []
