"""What a world of its own costs a test: pytest in a process of its own, with many and with few tests.

    python benchmarks/fixtures.py [--rounds 5]

A time is the difference between many tests and few, so that no start is in it, and from each the same tests with a
fixture that does nothing are taken, run in the same round.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

FEW, MANY = 200, 1_200
HEAD = """
import pytest
from urllib.parse import parse_qs

@pytest.fixture(scope="session")
def once():
    yield

@pytest.fixture
def nothing(request, once):
    yield

async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    body = b""
    if scope["method"] == "GET":
        body = parse_qs(scope["query_string"].decode())["hub.challenge"][0].encode()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": body})
"""
TESTS = {
    "nothing": "def test_it(nothing, n):\n    pass\n",
    "world": "def test_it(waba, n):\n    pass\n",
    "app": "def test_it(waba, n):\n    waba.webhook(app)\n",
    "message": 'def test_it(waba, n):\n    waba.webhook(app)\n    waba.user("Ada").sends("Hello")\n',
}


def measure(rounds: int) -> dict[str, float]:
    """Milliseconds that a test takes beyond pytest's own: median over the rounds."""
    found: dict[str, list[float]] = {name: [] for name in TESTS if name != "nothing"}
    with tempfile.TemporaryDirectory() as folder:
        for name, test in TESTS.items():
            for count in (FEW, MANY):
                text = f'{HEAD}\n@pytest.mark.parametrize("n", range({count}))\n{test}'
                (Path(folder) / f"test_{name}_{count}.py").write_text(text)
        for _ in range(rounds):
            took = {name: _milliseconds(folder, name) for name in TESTS}
            for name, times in found.items():
                times.append(took[name] - took["nothing"])
    return {name: statistics.median(times) for name, times in found.items()}


def _milliseconds(folder: str, name: str) -> float:
    few, many = (_run(folder, f"test_{name}_{count}.py") for count in (FEW, MANY))
    return (many - few) / (MANY - FEW) * 1000


def _run(folder: str, name: str) -> float:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:faker", name]
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    for what, milliseconds in measure(parser.parse_args().rounds).items():
        print(f"{what:8} {milliseconds:.2f} ms")
