"""What is told of a world when its test fails: its story, its journal, and how to play it again."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from localwaba import ControlError, Waba
from localwaba.client.calls import summary
from localwaba.client.chat import draw
from localwaba.client.failure import NO_TOKEN_OF_OURS, listed, told
from pytest_localwaba.asserts import failures_of, hold
from pytest_localwaba.worlds import Held, Report

_MOST = 40


_AFTERWARDS = 1.0
"""How long an app is waited for when its test is over and its fixtures end, in seconds."""


def end(held: Held, nodeid: str, save: Path | None) -> None:
    """Ends a world; if its test passed, the app is first held to what it did while the fixtures of the test ended."""
    try:
        if held.is_passed and not held.waba.is_still:
            held.waba.patience = min(held.waba.patience, _AFTERWARDS)
            hold(held)
    except (Exception, pytest.fail.Exception) as error:  # pytest's own is no Exception
        held.told = report(held, nodeid, str(error), save)
        raise
    finally:
        held.close()


def report(held: Held, nodeid: str, already: str, save: Path | None) -> Report:
    """What happened in a world; `already` is what the report of the test says by itself."""
    waba = held.waba
    properties = [("localwaba_seed", str(waba.seed)), ("localwaba_world", waba.name)]
    try:
        story = _story(waba, already)
        journal = _journal(waba)
        files = save / waba.name if save is not None else None
        scenario = waba.record(nodeid, _about(held, nodeid), unexpected=_unexpected(held), files=files)
        again = _keep(held, nodeid, scenario, save)
    except (OSError, ControlError) as error:  # the report must not fail over it
        return Report([("localwaba", f"seed {waba.seed}; what happened cannot be told: {error}")], properties)
    sections = [("localwaba", "\n".join([*story, "", again]))]
    if journal:
        sections.append(("localwaba journal", "\n".join(journal)))
    properties += [("localwaba_chat", "\n".join(_chats(waba, ""))[1:]), ("localwaba_journal", "\n".join(journal))]
    return Report(sections, [*properties, ("localwaba_scenario", scenario), ("localwaba_replay", again)])


def _story(waba: Waba, already: str) -> list[str]:
    lines = [f"seed {waba.seed}, world {waba.name}, {waba.now:%Y-%m-%d %H:%M:%S} UTC, {waba.url}"]
    lines += _chats(waba, already)
    strange = [] if NO_TOKEN_OF_OURS in already else [*waba.unexpected_strangers, *waba.outdated]
    lines += _unless(already, "Refused calls of the app", [str(call) for call in [*waba.refusals, *strange]])
    untaken = [one for one in waba.deliveries() if one["state"] != "delivered" and one["attempts"]]
    return lines + _unless(already, "Webhooks that the app did not answer with 200", [told(one) for one in untaken])


def _chats(waba: Waba, already: str) -> list[str]:
    lines: list[str] = []
    for user in waba.users:
        chat = draw(user.chat, user.name)
        if chat and not (f"Chat of {user.name}" in already and all(line.strip() in already for line in chat)):
            lines += ["", f"Chat of {user.name} ({user.wa_id})", *(f"  {line}" for line in chat)]
    return lines


def _unless(already: str, title: str, items: list[str]) -> list[str]:
    return [] if title in already else listed(title, items)


def _journal(waba: Waba) -> list[str]:
    """Calls of the app and webhooks, in the order in which they happened."""
    entries = waba.link.call("GET", "journal", query={"limit": 20_000})["entries"]
    webhooks = {one["id"]: one for one in waba.deliveries(limit=20_000)}
    found = [line for line in (_line(entry, webhooks) for entry in entries) if line]
    return [f"… {len(found) - _MOST} more before these"] * (len(found) > _MOST) + found[-_MOST:]


def _line(entry: Mapping[str, Any], webhooks: Mapping[str, Any]) -> str:
    if entry["kind"] == "call":
        answer = entry["answer"]
        error = answer.get("error") if isinstance(answer, dict) and entry["status"] >= 400 else None
        text = f" {summary(error)}" if isinstance(error, dict) else ""
        return f"{entry['n']:>4}  app   {entry['method']} {entry['path']} -> {entry['status']}{text}"
    if entry["event"] == "DeliveryAttempted":
        attempt = entry["data"]["attempt"]
        one = webhooks.get(entry["data"]["delivery_id"])
        if one is not None:
            return f"{entry['n']:>4}  meta  {told(one | {'attempts': [attempt]})}"
    return ""


def _about(held: Held, nodeid: str) -> str:
    return f"Recorded from {nodeid} (seed {held.waba.seed})."


def _unexpected(held: Held) -> set[str]:
    if not held.marks.strict:
        return set()
    later = failures_of(held.waba, held.marks.strict, held.marks.strict_statuses)
    return {call.trace for call in held.waba.unexpected_refusals} | {str(one["id"]) for one in later}


def _keep(held: Held, nodeid: str, scenario: str, save: Path | None) -> str:
    """Writes the scenario down, if it is to be kept; says what to type to play it, or to keep it."""
    if save is None:
        return f"Keep it as a scenario:  pytest {shlex.quote(nodeid)} --waba-save DIR"
    save.mkdir(parents=True, exist_ok=True)
    path = save / f"{held.waba.name}.yaml"
    path.write_text(scenario, encoding="utf-8")
    url = held.waba.callback or ""
    url = url if url and ".localhost" not in url else "URL-OF-YOUR-APP"
    return f"Play it again:  localwaba run {shlex.quote(_short(path))} --webhook-url {url}"


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)
