"""One function for each kind of step of a scenario: what it does to a world. What it expects is in `expectations`."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

from localwaba.client import ControlError, User
from localwaba.client.chat import Bubble
from localwaba.runtime.expectations import (
    hold_call,
    hold_failure,
    hold_last_message,
    hold_number,
    hold_template,
    hold_webhook,
    value_of,
    wait_for,
)
from localwaba.runtime.quoting import find, quoting
from localwaba.runtime.scene import Missed, Scene
from localwaba.runtime.wanting import Fitting, captured, resolve
from localwaba_scenarios import model

_LONG = 30.0
_SHOWN = 2_000


def perform(step: model.Step, scene: Scene) -> None:
    """Does what a step says; raises what went wrong."""
    _DEEDS[type(step)](step, scene)


# users


def _send(step: model.Sends, scene: Scene) -> None:
    user = scene.users[step.user]
    user.sends_message(resolve(step.message, scene.scope), reply_to=_meant(user, step.quotes, scene))


def _meant(user: User, quoted: model.Quoted | None, scene: Scene) -> Bubble | None:
    return None if quoted is None else find(user, quoted, scene.scope)


def _send_file(step: model.SendsFile, scene: Scene) -> None:
    user = scene.users[step.user]
    sends: Callable[..., str] = getattr(user, f"sends_{step.kind}")
    file = Path(step.file) if step.file else None
    sends(file, reply_to=_meant(user, step.quotes, scene), **resolve(step.members, scene.scope))


def _act(step: model.Acts, scene: Scene) -> None:
    user = scene.users[step.user]
    getattr(user, step.deed)(*resolve(step.given, scene.scope), **resolve(step.options, scene.scope))
    if step.deed == "changes_number":
        scene.meet(step.user, user)


def _typing(step: model.Typing, scene: Scene) -> None:
    user = scene.users[step.user]

    def missed() -> str:
        chat = user.chat
        ended = bool(chat) and chat[-1].sender == "business"
        return f"{user.name} does not see that the app is typing" + ("; its message has ended that" if ended else "")

    wait_for(scene, step.within, lambda: user.sees_typing, missed)


def _tap(step: model.Taps, scene: Scene) -> None:
    user, title = scene.users[step.user], resolve(step.title, scene.scope)
    on = _meant(user, step.of, scene)
    try:
        user.taps(title, on)
    except ControlError:
        if step.works:
            raise
    else:
        if not step.works:
            raise Missed(f"{user.name} can tap {title!r}, and has done so")


def _fill_in(step: model.FillsIn, scene: Scene) -> None:
    user = scene.users[step.user]
    shown = scene.waba.link.call("GET", f"users/{user.wa_id}/inbox")["messages"]
    flows = [(one["id"], tap["title"]) for one in shown for tap in one.get("buttons", ()) if tap["kind"] == "flow"]
    if not flows:
        raise Missed(f"there is nothing to fill in: the app has not sent {user.name} a flow yet")
    message_id, title = flows[-1]
    user.does("tap", message_id=message_id, title=title, response=resolve(step.response, scene.scope))


def _react(step: model.Reacts, scene: Scene) -> None:
    user = scene.users[step.user]
    user.reacts(resolve(step.emoji, scene.scope), to=find(user, step.to, scene.scope))


def _do(step: model.Does, scene: Scene) -> None:
    user = scene.users[step.user]
    result = user.does(step.action, **resolve(step.options, scene.scope))
    if step.action == "change_number":
        scene.meet(step.user, scene.waba.user(wa_id=str(result["wa_id"])))


# the app


def _reply(step: model.Replies, scene: Scene) -> None:
    user = scene.users[step.user]
    wanted = {name: resolve(value, scene.scope) for name, value in step.wanted.items()}
    given = {name: value if isinstance(value, str) else _fitting(value) for name, value in wanted.items()}
    if step.quotes is not None:
        given["reply_to"] = quoting(user, step.quotes, scene.scope)
    found = user.receives(timeout=step.within, **given)
    for name, value in wanted.items():
        scene.scope |= captured(value, getattr(found, name))


def _fitting(value: Any) -> Any:
    """Something wanted, in the form that tells best how a message differs from it."""
    is_plain = isinstance(value, (list, tuple)) and all(isinstance(item, str) for item in value)
    return value if is_plain or hasattr(value, "search") else Fitting(value)


def _silence(step: model.Silence, scene: Scene) -> None:
    scene.users[step.user].receives_nothing(step.within)


def _call_app(step: model.CallsApp, scene: Scene) -> None:
    if not scene.app:
        raise Missed("nobody knows where the app is: it is called at the origin of its webhook")
    body = None if step.body is None else json.dumps(resolve(step.body, scene.scope)).encode()
    headers = {} if body is None else {"Content-Type": "application/json"}
    headers |= {name: str(value) for name, value in resolve(step.headers, scene.scope).items()}
    path = quote(resolve(step.path, scene.scope), safe="/?&=,.:%~+")
    resident = scene.waba.resident(scene.app)
    ask = _ask if resident is None else resident.ask
    try:
        status, content = ask(step.method, scene.app + path, headers, body, _LONG)
    except (OSError, HTTPException, RuntimeError) as error:
        raise Missed(f"{step.method} {scene.app}{path}: {error or type(error).__name__}") from None
    if status != step.status if step.status else not 200 <= status < 300:
        wanted, text = step.status or "2xx", content.decode("utf-8", "replace")
        raise Missed(f"{step.method} {path} was answered with {status}, expected {wanted}\n{text}".rstrip())
    scene.waba.settle(scene.waba.patience)


def _ask(method: str, url: str, headers: Mapping[str, str], body: bytes | None, timeout: float) -> tuple[int, bytes]:
    """A call over the network; the status, and the beginning of the body. OSError, HTTPException."""
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    with closing(kind(str(parts.hostname), parts.port, timeout=timeout)) as connection:
        connection.request(method, urlunsplit(parts._replace(scheme="", netloc="")), body, dict(headers))
        answer = connection.getresponse()
        return answer.status, answer.read(_SHOWN)


# Meta and the world


def _change_template(step: model.ChangesTemplate, scene: Scene) -> None:
    name = resolve(step.template, scene.scope)
    try:
        scene.waba.templates.change(name, step.language, **resolve(step.changes, scene.scope))
    except LookupError as error:
        raise Missed(str(error.args[0])) from None


def _change_number(step: model.ChangesNumber, scene: Scene) -> None:
    path = f"phone_numbers/{scene.waba.phone_number_id}"
    scene.waba.link.call("PATCH", path, resolve(step.changes, scene.scope))
    scene.waba.settle(scene.waba.patience)


def _announce(step: model.Announces, scene: Scene) -> None:
    value = {} if step.value is None else {"value": resolve(step.value, scene.scope)}
    variant = {"variant": step.variant} if step.variant else {}
    scene.waba.link.call("POST", "platform-events", {"field": step.field} | variant | value)
    scene.waba.settle(scene.waba.patience)


def _repeat(step: model.Repeats, scene: Scene) -> None:
    there = [one for one in scene.deliveries if one["field"] == step.field]
    what = f"webhook of the field {step.field}"
    if step.user is not None:
        user = scene.users[step.user]
        sent = [one.id for one in user.chat if one.sender == "user"]
        what = f"webhook with a message of {user.name}"
        there = [one for one in there if sent and sent[-1] in [x["id"] for x in value_of(one).get("messages", ())]]
    if not there:
        raise Missed(f"there is no {what} that could come again")
    scene.waba.link.call("POST", f"webhooks/{there[-1]['id']}/redeliver")
    scene.waba.settle(scene.waba.patience)


def _pass(step: model.Passes, scene: Scene) -> None:
    scene.waba.advance(seconds=step.seconds)


def _turn(step: model.Rule, scene: Scene) -> None:
    scene.waba.policy(**resolve(step.knobs, scene.scope))


def _arm(step: model.Fault, scene: Scene) -> None:
    if step.fault is None:
        scene.waba.link.call("DELETE", "faults")
    else:
        scene.waba.link.call("POST", "faults", resolve(step.fault, scene.scope))


_DEEDS: dict[type[model.Step], Callable[[Any, Scene], None]] = {
    model.Sends: _send,
    model.SendsFile: _send_file,
    model.Taps: _tap,
    model.Acts: _act,
    model.Typing: _typing,
    model.FillsIn: _fill_in,
    model.Reacts: _react,
    model.Does: _do,
    model.Replies: _reply,
    model.Silence: _silence,
    model.LastMessage: hold_last_message,
    model.Fails: hold_failure,
    model.ExpectCall: hold_call,
    model.ExpectWebhook: hold_webhook,
    model.ExpectTemplate: hold_template,
    model.ExpectNumber: hold_number,
    model.CallsApp: _call_app,
    model.ChangesTemplate: _change_template,
    model.ChangesNumber: _change_number,
    model.Announces: _announce,
    model.Repeats: _repeat,
    model.Passes: _pass,
    model.Rule: _turn,
    model.Fault: _arm,
}
