"""What every test holds the app to, whether it says so or not."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import pytest

from localwaba import Waba
from localwaba.client.failure import failed_later, listed

if TYPE_CHECKING:
    from pytest_localwaba.worlds import Held


def hold(held: Held) -> None:
    """Holds the app of a test to what its markers ask for."""
    marks = held.marks
    assert_nothing_refused(held.waba, marks.strict, marks.strict_statuses, is_async=held.aio is not None)


def assert_nothing_refused(
    waba: Waba, strict: bool = True, strict_statuses: bool = False, *, is_async: bool = False
) -> None:
    """Fails if the app was refused something unexpected, at once or, by its own mistake, later.

    With `strict_statuses` every message that failed later counts, whoever is to blame. `is_async` tests have `awaba`.

    What an app of this process raised meanwhile is raised here.
    """
    if not (strict or strict_statuses or waba.has_residents):
        return
    if waba.has_ended:
        pytest.fail("the test has ended the world of its fixture: what was refused there is forgotten", pytrace=False)
    counted = waba.settle(waba.patience)
    if not counted["refusals"] and not counted["strangers"]:
        return
    are_strange = strict and counted["strangers"]
    strange = waba.unexpected_strangers if are_strange else []
    refused = [*waba.unexpected_refusals, *strange] if strict else []
    failures = failures_of(waba, strict, strict_statuses)
    if not refused and not failures:
        if are_strange:
            _warn_of_outdated(waba)
        return
    found = [one.code for one in refused] + [one["error"]["code"] for one in failures]
    codes = list(dict.fromkeys(code for code in found if code is not None))
    with_codes = f" with {', '.join(map(str, codes))}," if codes else ""
    lines = [f"the app was refused{with_codes} {'which' if codes else 'what'} the test did not expect"]
    lines += listed("Refused calls of the app", map(str, refused))
    lines += listed("Messages that failed later", map(failed_later, failures))
    if strange:
        lines += ["", "No token of this world: give the app waba.access_token, or its whole environment: waba.env"]
    turned_off = "strict_statuses=False" if strict_statuses and not refused else "strict=False"
    block = "async with awaba" if is_async else "with waba"
    lines += ["", f"Expect it:  {block}.refuses({', '.join(map(str, codes[:1]))}): …"]
    lines += [f"Allow it:   @pytest.mark.waba({turned_off})"]
    pytest.fail("\n".join(lines), pytrace=False)


def _warn_of_outdated(waba: Waba) -> None:
    """Tells of calls that went nowhere; no failure, for what another test has left behind may have made them."""
    calls = waba.outdated
    if not calls:
        return
    waba.expect(*(call.trace for call in calls))
    lines = listed("Calls came with the token of a world that has ended, and were refused", map(str, calls))
    warnings.warn(pytest.PytestWarning("\n".join(lines[1:])), stacklevel=2)


def failures_of(waba: Waba, strict: bool, strict_statuses: bool) -> list[dict[str, Any]]:
    """The messages whose failure, told by webhook, counts against the app."""
    if strict_statuses:
        return waba.unexpected_failures
    return waba.unexpected_mistakes if strict else []
