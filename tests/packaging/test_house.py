"""Rules of the house that no other tool holds."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORDS = ("../" + "shared", "sub" + "agent", "http-api" + ".md", "rules" + ".md §", "models" + ".md")


def test_the_project_speaks_of_itself_alone() -> None:
    """No tracked file names what lies beside the repository, but for the tests that use it when it is there."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    paths = [ROOT / name for name in listed.stdout.splitlines()]
    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in paths
        if path.is_file() and path.suffix in {".py", ".md", ".toml", ".json", ".yaml", ".yml", ""}
        for word in WORDS
        if word in path.read_text(encoding="utf-8", errors="replace") and "tests" not in path.parts
    ]
    assert found == []
