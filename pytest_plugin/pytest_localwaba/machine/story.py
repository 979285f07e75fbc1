"""An example that went wrong, told in plain sentences."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from localwaba.client.chat import draw
from localwaba.client.user import User
from pytest_localwaba.machine.history import History, Sent, Step, Told

_LONGEST = 110
_SAME = 3


def tell(broken: str, rule: str, history: History, users: Iterable[User]) -> str:
    """What is broken, what happened until then, and the chats."""
    lines = [broken, f"  rule: {rule}", "", "What happened:"]
    for step in history.steps:
        lines += _step(step)
    for user in users:
        chat = draw(user.chat, user.name)
        if chat:
            lines += ["", f"Chat of {user.name} ({user.wa_id})", *_counted(f"  {_cut(line)}" for line in chat)]
    return "\n".join(lines)


def _counted(lines: Iterable[str]) -> list[str]:
    """What is said many times in a row is said once, with the number."""
    counted: list[str] = []
    for line, same in groupby(lines):
        count = len(list(same))
        counted += [f"{line} (and {count - 1} more like it)"] if count > _SAME else [line] * count
    return counted


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def _step(step: Step) -> list[str]:
    lines = [f"{step.n:>3}. {step.said}"]
    lines += _counted(
        f"       webhook: {_told(told)} -> {told.reason if told.status is None else told.status}" for told in step.told
    )
    lines += [f"       {one.about} -> {one.answer}" for one in step.knocks]
    lines += _counted(f"       app to {sent.user}: {_sent(sent)}" for sent in step.sent)
    return lines


def _told(told: Told) -> str:
    again = ", again" if told.again else ""
    if told.statuses:
        return ", ".join(f"status {status}" for _, status in told.statuses) + again
    if told.messages:
        return ("message" if told.field == "messages" else told.field) + again
    return told.field


def _sent(sent: Sent) -> str:
    what = f'"{sent.text}"' if sent.type == "text" else f"[{sent.type}] {sent.text}".rstrip()
    if sent.is_accepted:
        return what + (f" -> failed later with {sent.failed}" if sent.failed else "")
    code = f", code {sent.code}" if sent.code is not None else ""
    return f"{what} -> HTTP {sent.status}{code}" + (" (on purpose)" if sent.ordered else "")
