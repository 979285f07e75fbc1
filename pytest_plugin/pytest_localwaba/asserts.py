"""What every test holds the app to, whether it says so or not."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba import Waba
from localwaba.client.failure import failed_later, listed


def assert_nothing_refused(waba: Waba, strict: bool = True, strict_statuses: bool = False) -> None:
    """Fails if the app was refused something unexpected, at once or, by its own mistake, later.

    With `strict_statuses` every message that failed later counts, whoever is to blame.

    What an app of this process raised meanwhile is raised here.
    """
    if not (strict or strict_statuses or waba.has_residents):
        return
    if waba.settle(waba.patience)["refusals"] == 0:
        return
    calls = [str(call) for call in waba.unexpected_refusals] if strict else []
    failures = failures_of(waba, strict, strict_statuses)
    failed = [failed_later(one) for one in failures]
    if not calls and not failed:
        return
    lines = ["the app was refused what the test did not expect"]
    lines += listed("Refused calls of the app", calls) + listed("Messages that failed later", failed)
    codes = {one.code for one in waba.unexpected_refusals if strict} | {one["error"]["code"] for one in failures}
    code = min((code for code in codes if code is not None), default=131009)
    turned_off = "strict_statuses=False" if strict_statuses and not calls else "strict=False"
    lines += ["", f"Expect it:  with waba.refuses({code}): …", f"Allow it:   @pytest.mark.waba({turned_off})"]
    pytest.fail("\n".join(lines), pytrace=False)


def failures_of(waba: Waba, strict: bool, strict_statuses: bool) -> list[dict[str, Any]]:
    """The messages whose failure, told by webhook, counts against the app."""
    if strict_statuses:
        return waba.unexpected_failures
    return waba.unexpected_mistakes if strict else []
