"""Every code block of every page, and who runs it.

`GENERIC` blocks are run by test_blocks.py: each page in a folder of its own, block after block. All others are in
`ELSEWHERE`, with the test that runs them, or in `NOT_RUN`, with the reason. A block that is in none of them fails.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("benchmarks/**/*.md"),
                *ROOT.glob("tests/**/*.md")})  # fmt: skip
_BLOCK = re.compile(r"(?:^<!-- docs: (?P<how>[^\n]+) -->\n)?^(?P<fence>```+)(?P<language>[\w-]*)[^\n]*\n"
                    r"(?P<text>.*?)^(?P=fence)$", re.M | re.S)  # fmt: skip


class Block(NamedTuple):
    """A block; `how` is what a comment above it says of it, such as `file pytest.ini`."""

    page: str
    line: int
    how: str
    language: str
    text: str

    @property
    def kind(self) -> tuple[str, str, str]:
        """What it is known by: its page, its language, how it is to be treated."""
        return self.page, self.language, self.how


def blocks() -> list[Block]:
    """All of them, page by page."""
    found: list[Block] = []
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        page = str(path.relative_to(ROOT))
        for one in _BLOCK.finditer(text):
            line = text.count("\n", 0, one.start("fence")) + 1
            found.append(Block(page, line, one["how"] or "", one["language"], one["text"]))
    return found


GENERIC = {"docs/ci.md"}
"""Pages whose blocks are run one after the other, as a reader would: files written, the rest performed."""

ELSEWHERE = {
    ("README.md", "sh", "install"): "tests/docs/test_readme.py::test_the_two_commands",
    ("README.md", "sh", "serve"): "tests/docs/test_readme.py::test_serve",
    ("README.md", "sh", ""): "tests/docs/test_readme.py::test_shell",
    ("README.md", "toml", ""): "tests/docs/test_readme.py::test_settings_file",
    ("README.md", "python", "pytest"): "tests/docs/test_readme.py::test_pytest_block",
    ("README.md", "python", ""): "tests/docs/test_readme.py::test_python_block",
    ("README.md", "yaml", ""): "tests/docs/test_scenarios.py::test_commands_and_scenarios",
    ("docs/scenarios.md", "yaml", ""): "tests/docs/test_scenarios.py::test_commands_and_scenarios",
    ("docs/scenarios.md", "sh", ""): "tests/docs/test_scenarios.py::test_commands_and_scenarios",
    ("docs/scenarios.md", "ini", ""): "tests/docs/test_scenarios.py::test_commands_and_scenarios",
    ("docs/scenarios.md", "text", ""): "tests/docs/test_scenarios.py::test_mistakes",
    ("docs/pytest.md", "python", ""): "tests/docs/test_pytest_guide.py::test_the_tests_of_the_page",
    ("docs/pytest.md", "ini", ""): "tests/docs/test_pytest_guide.py::test_the_tests_of_the_page",
    ("docs/pytest.md", "sh", ""): "tests/docs/test_pytest_guide.py::test_the_tests_of_the_page",
    ("docs/pytest.md", "python", "fails"): "tests/docs/test_pytest_guide.py::test_the_failure_of_the_page",
    ("docs/pytest.md", "text", ""): "tests/docs/test_pytest_guide.py::test_the_failure_of_the_page",
    ("docs/check.md", "sh", ""): "tests/check/test_sample_bot.py::test_the_sample_bot_breaks_no_rule",
    ("docs/coverage.md", "python", ""): "tests/docs/test_coverage_page.py::test_the_table_of_the_page",
    ("docs/coverage.md", "text", ""): "tests/docs/test_coverage_page.py::test_the_table_of_the_page",
    ("docs/coverage.md", "ini", ""): "tests/docs/test_coverage_page.py::test_the_settings_of_the_page",
    ("docs/coverage.md", "sh", ""): "tests/docs/test_coverage_page.py::test_the_command_of_the_page",
    ("docs/hypothesis.md", "python", ""): "tests/docs/test_hypothesis.py::test_strategies_of_the_table",
    ("docs/hypothesis.md", "python", "pytest"): "tests/docs/test_hypothesis.py::test_blocks",
    ("docs/hypothesis.md", "text", ""): "tests/docs/test_hypothesis.py::test_the_story_of_the_page",
    ("docs/faults.md", "json", ""): "tests/docs/test_faults.py::test_examples",
    ("docs/errors.md", "text", ""): "tests/docs/test_provocations.py::test_provocation",
    ("docs/webhooks.md", "text", ""): "tests/docs/test_blocks.py::test_an_announcement",
}
"""Which test runs the blocks of a kind."""

NOT_RUN: dict[tuple[str, str, str], str] = {
    ("README.md", "text", ""): "what commands print: the variables are held by test_serve, the check's lines by none",
    ("docs/check.md", "sh", "placeholders"): "SECRET and TOKEN are the reader's; test_page.py holds the options",
    ("docs/check.md", "text", ""): "a finding about an app with a bug, which the sample bot does not have",
    (
        "docs/check.md",
        "json",
        "",
    ): "a shape with … in it; tests/check/test_results.py::test_results_as_files holds the file",
    ("tests/receivers/README.md", "python", ""): "a fragment with … in it; tests/check runs every name in it",
    ("ARCHITECTURE.md", "text", ""): "a map of folders; test_readme.py::test_files_of_the_map holds it",
    ("CONTRIBUTING.md", "sh", ""): "installs the project and runs these very tests; .ci/run does both",
}
"""Blocks that are not run, and why."""
