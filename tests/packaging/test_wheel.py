"""What goes into the wheel, and what importing costs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = {
    "localwaba": ROOT / "emulator",
    "localwaba_contracts": ROOT / "contracts",
    "localwaba_scenarios": ROOT / "scenarios",
    "pytest_localwaba": ROOT / "pytest_plugin",
}


def source_files() -> set[str]:
    """Every file of the four packages, by its place in site-packages."""
    found: set[str] = set()
    for package, folder in FOLDERS.items():
        for path in (folder / package).rglob("*"):
            place = path.relative_to(folder)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in place.parts):
                found.add(place.as_posix())
    return found


@pytest.mark.packaging
def test_the_wheel_holds_every_file_of_the_four_packages(tmp_path: Path) -> None:
    """Nothing is left out (a careless line in .gitignore would), nothing else is in."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        inside = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert inside == source_files()


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("localwaba", "starlette uvicorn httpx aiohttp jsonschema jsonschema_rs faker phonenumbers yaml rich typer"),
        ("localwaba_contracts", "jsonschema jsonschema_rs httpx starlette"),
        (
            "pytest_localwaba.plugin",
            "starlette uvicorn httpx aiohttp jsonschema jsonschema_rs hypothesis faker msgspec",
        ),
        ("localwaba.http.app", "aiohttp httpx faker phonenumbers yaml rich typer hypothesis pytest jsonschema"),
    ],
)
def test_importing_stays_light(module: str, unwanted: str) -> None:
    """A package pulls in only what it needs on the first line."""
    names = unwanted.split()
    code = f"import sys, {module}; print([name for name in {names} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


START = """
import asyncio, sys
from localwaba.cli.commands import read_command
read_command(["serve"])
from localwaba.cli import serving
from localwaba.runtime.settings import Settings
def ready(running):
    "\\n".join(serving.greeting(running, settings))
    running.stop()
settings = Settings(port=0)
with asyncio.Runner(loop_factory=serving.new_loop) as runner:
    runner.run(serving.run_server(settings, ready))
from localwaba.operations import platform_samples
from localwaba.runtime import journal
made = [one.cache_info().currsize for one in (journal._decoders, platform_samples.sampled)]
foreign = [name for name in sys.modules if not name.startswith("localwaba")]
print(len(foreign), made, [name for name in sys.argv[1:] if name in sys.modules])
"""


def test_the_start_stays_light() -> None:
    """A server that is ready has neither loaded what only other commands, webhooks and numbers need, nor made it."""
    unwanted = (
        "aiohttp httpx requests faker phonenumbers yaml rich pygments typer hypothesis pytest jsonschema jsonschema_rs "
        "sqlite3 unittest localwaba.client localwaba.operations.checks localwaba_scenarios localwaba.runtime.player"
    )
    command = [sys.executable, "-W", "error", "-c", START, *unwanted.split()]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    count, made = done.stdout.split(maxsplit=1)
    assert made.strip() == "[0, 0] []"
    assert int(count) <= 360  # beside our own: what comes with uvicorn, Starlette, msgspec and asyncio
