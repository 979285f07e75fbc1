"""Which YAML files are scenarios: those that somebody has said are. Everybody's YAML comes by here: imports nothing."""

from __future__ import annotations

from pathlib import Path

import pytest


def is_scenario(path: Path, parent: pytest.Collector) -> bool:
    """Whether a file lies in a folder of `waba_scenarios` or fits a pattern of it.

    Without that setting it is one if it was itself named on the command line, and so was an app.
    """
    config = parent.config
    chosen: list[str] = config.getini("waba_scenarios")
    if chosen:
        return any(_fits(path, config.rootpath, pattern) for pattern in chosen)
    options = any(config.getoption(name) for name in ("--waba-app", "--waba-webhook-url"))
    is_app_known = options or any(config.getini(name) for name in ("waba_app", "waba_webhook_url"))
    return is_app_known and parent.session.isinitpath(path)


def _fits(path: Path, root: Path, pattern: str) -> bool:
    if (root / pattern).is_dir():
        return path.is_relative_to(root / pattern)
    return any(path == one for one in root.glob(pattern)) if not Path(pattern).is_absolute() else path == Path(pattern)
