"""Which message of a chat a scenario means, where somebody quotes it, reacts to it or taps on it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from localwaba.client import User
from localwaba.client.chat import Bubble
from localwaba.runtime.scene import Missed, Scope
from localwaba.runtime.wanting import Fitting, fits, resolve, shown
from localwaba_scenarios.model import LAST_OF_APP, Quoted

_SIDES = {"app": "business", "user": "user"}


def find(user: User, quoted: Quoted, scope: Scope) -> Bubble:
    """The message on the user's phone; Missed if there is none."""
    text, there = resolve(quoted.text, scope), user.inbox
    found = [one for one in there if _is(quoted, text, one)]
    if len(found) > quoted.earlier:
        return found[-1 - quoted.earlier]
    if quoted.reacted:
        raise Missed(f"there is nothing to take back: {user.name} has not reacted to anything")
    if quoted == LAST_OF_APP:
        raise Missed(f"there is nothing to reply to: the app has not sent {user.name} anything yet")
    texts = [one.text for one in there if one.text]
    near = get_close_matches(text, texts, n=1) if isinstance(text, str) and not found else []
    hint = f"; the nearest is {shown(near[0])}" if near else ""
    raise Missed(f"there is no message {_words(quoted, text)} in the chat of {user.name}{hint}")


def quoting(user: User, quoted: Quoted, scope: Scope) -> Fitting:
    """That a message quotes one like this."""
    text = resolve(quoted.text, scope)

    def quotes(message_id: Any) -> bool:
        return any(one.id == message_id and _is(quoted, text, one) for one in user.chat)

    return Fitting(text, quotes, f"the id of the message {_words(quoted, text)}")


def _is(quoted: Quoted, text: Any, one: Bubble) -> bool:
    return (
        (text is None or fits(text, one.text))
        and quoted.type in (None, one.type)
        and (quoted.by is None or _SIDES[quoted.by] == one.sender)
        and (not quoted.reacted or bool(one.reactions))
    )


def _words(quoted: Quoted, text: Any) -> str:
    said = [] if text is None else [shown(text)]
    said += [f"of type {quoted.type}"] if quoted.type else []
    said += [f"of the {quoted.by}"] if quoted.by else []
    said += [f"with {quoted.earlier} like it after it"] if quoted.earlier else []
    return " ".join(said)
