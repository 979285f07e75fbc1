"""Files that a command writes its results into."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeVar

from localwaba.cli.mistake import Mistake

Results = TypeVar("Results")


def check_folders(command: str, paths: Iterable[Path | None]) -> None:
    """Refuses a file whose folder is not there, before anything is done."""
    for path in paths:
        if path is not None and not path.absolute().parent.is_dir():
            raise Mistake(f"{command}: there is no folder {path.parent}")


def write(command: str, path: Path | None, render: Callable[[Results], str], results: Results) -> None:
    """Writes the results, if a file was named."""
    if path is not None:
        try:
            path.write_text(render(results), encoding="utf-8")
        except OSError as error:
            raise Mistake(f"{command}: {path}: {error.strerror or error}") from None
