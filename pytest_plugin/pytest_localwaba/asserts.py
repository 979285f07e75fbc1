"""What every test holds the app to, whether it says so or not."""

from __future__ import annotations

from typing import Any

import pytest

from localwaba import Waba
from localwaba.client.calls import because, summary
from localwaba.client.failure import listed


def assert_nothing_refused(waba: Waba, strict: bool = True, strict_statuses: bool = False) -> None:
    """Fails if the app was refused something unexpected; with `strict_statuses` if a message failed later, too.

    What an app of this process raised meanwhile is raised here.
    """
    if not (strict or strict_statuses or waba.has_residents):
        return
    waba.settle(waba.patience)
    calls = [str(call) for call in waba.unexpected_refusals] if strict else []
    failures = waba.unexpected_failures if strict_statuses else []
    failed = ["\n".join([_head(one), *because(one.get("why", ""))]) for one in failures]
    if not calls and not failed:
        return
    lines = ["the app was refused what the test did not expect"]
    lines += listed("Refused calls of the app", calls) + listed("Messages that failed later", failed)
    codes = {one.code for one in waba.unexpected_refusals if strict} | {one["error"]["code"] for one in failures}
    code = min((code for code in codes if code is not None), default=131009)
    turned_off = "strict=False" if calls else "strict_statuses=False"
    lines += ["", f"Expect it:  with waba.refuses({code}): …", f"Allow it:   @pytest.mark.waba({turned_off})"]
    pytest.fail("\n".join(lines), pytrace=False)


def _head(message: dict[str, Any]) -> str:
    return f"{message['type']} to {message['user']} -> failed {summary(message['error'])}"
