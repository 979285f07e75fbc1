"""What steps of a scenario hold against a world: messages, calls, webhooks, templates, refusals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from time import sleep
from typing import Any, TypeVar

from localwaba.client import Waba
from localwaba.client.failure import listed, told
from localwaba.runtime.scene import Missed, Scene
from localwaba.runtime.system import elapsed
from localwaba.runtime.wanting import fits, misses, resolve, shown
from localwaba_scenarios import model

Found = TypeVar("Found")


def wait_for(scene: Scene, within: float, look: Callable[[], Found], miss: Callable[[], str]) -> Found:
    """What `look` finds, within so many real seconds."""
    until, pause = elapsed() + within, 0.005
    while True:
        scene.waba.settle(max(0.01, until - elapsed()))
        found = look()
        if found:
            return found
        if elapsed() >= until:
            raise Missed(miss())
        sleep(pause)
        pause = min(pause * 1.5, 0.1)


def hold_failure(step: model.Fails, scene: Scene) -> None:
    """The app was told one of some codes: in an answer, or by a message that failed."""
    waba = scene.waba

    def look() -> list[str]:
        calls = [call.trace for call in scene.calls if call.is_refused and call.code in step.codes]
        messages = [one["id"] for one in _failed(waba) if one["error"]["code"] in step.codes]
        return [one for one in (*calls, *messages) if one not in scene.told]

    def miss() -> str:
        codes = " or ".join(map(str, step.codes))
        others = [str(call) for call in waba.refusals if call.n > scene.first_call]
        others += [f"{one['type']} to {one['user']} -> failed {one['error']['code']}" for one in _failed(waba)]
        head = f"the app was not told {codes}"
        head += ", but was refused otherwise" if others else ": none of its calls was refused, no message failed"
        return "\n".join([head, *listed("What there was", others), *_made(scene)])

    found = wait_for(scene, step.within, look, miss)
    scene.told |= set(found)
    waba.expect(*found)


def _failed(waba: Waba) -> list[dict[str, Any]]:
    return waba.messages(status="failed", limit=20_000)


def _made(scene: Scene) -> list[str]:
    return listed("Calls of the app", [f"{call.method} {call.path} -> {call.status}" for call in scene.calls])


def _hold(
    scene: Scene,
    step: model.LastMessage | model.ExpectTemplate | model.ExpectNumber,
    views: Callable[[], list[dict[str, Any]]],
    what: str,
) -> dict[str, Any]:
    """The last of some views that is as wanted."""
    wanted = resolve(step.wanted, scene.scope)

    def look() -> list[dict[str, Any]]:
        return [one for one in views() if fits(wanted, one)]

    def miss() -> str:
        there = views()
        if not there:
            return f"there is no {what}"
        differing = list(misses(wanted, there[-1]))
        more = [f"  {line}" for line in differing[1:]]
        why = there[-1].get("why")
        return "\n".join([f"{what}: {differing[0]}" if differing else what, *more, *([f"  {why}"] if why else [])])

    return wait_for(scene, step.within, look, miss)[-1]


def hold_last_message(step: model.LastMessage, scene: Scene) -> None:
    """The last message of a user, or to one, is as wanted."""
    user, direction = scene.users[step.user], "out" if step.outbound else "in"

    def views() -> list[dict[str, Any]]:
        return [_message(one) for one in scene.waba.messages(user=user.wa_id, direction=direction, limit=20_000)[-1:]]

    what = f"message to {user.name}" if step.outbound else f"message of {user.name}"
    found = _hold(scene, step, views, what)
    if found["status"] == "failed":
        scene.waba.expect(found["id"])


def _message(one: Mapping[str, Any]) -> dict[str, Any]:
    body = one.get("body") or {}
    return {
        "id": one["id"],
        "status": one["status"],
        "statuses": [entry["status"] for entry in one["history"]],
        "error": (one.get("error") or {}).get("code"),
        "type": one["type"],
        "text": one.get("text", ""),
        "category": one.get("category"),
        "template": (body.get("template") or {}).get("name"),
        "body": body,
        "why": one.get("why"),
    }


def hold_number(step: model.ExpectNumber, scene: Scene) -> None:
    """The number of the business is as wanted."""

    def views() -> list[dict[str, Any]]:
        there = scene.waba.link.call("GET", "phone_numbers")["phone_numbers"]
        return [one for one in there if one["id"] == scene.waba.phone_number_id]

    _hold(scene, step, views, "number")


def hold_template(step: model.ExpectTemplate, scene: Scene) -> None:
    """A template is as wanted."""

    def views() -> list[dict[str, Any]]:
        return [one for one in scene.waba.templates() if one["name"] == step.template]

    known = ", ".join(sorted({str(one["name"]) for one in scene.waba.templates()}))
    _hold(scene, step, views, f"template {step.template}" + ("" if views() else f"; there are {known}"))


def hold_call(step: model.ExpectCall, scene: Scene) -> None:
    """The app has made a call, at least once or exactly so often."""

    def views() -> list[dict[str, Any]]:
        names = ("n", "method", "path", "operation", "status", "request", "answer")
        return [{name: getattr(call, name) for name in names} for call in scene.calls]

    found = _times(
        scene, step, views, "call of the app", lambda one: f"{one['method']} {one['path']} -> {one['status']}"
    )
    if "status" in step.wanted:
        scene.told |= {str(one["n"]) for one in found}


def hold_webhook(step: model.ExpectWebhook, scene: Scene) -> None:
    """A webhook has gone out, at least once or exactly so often."""

    def views() -> list[dict[str, Any]]:
        return [_delivery(one) for one in scene.deliveries]

    def line(one: Mapping[str, Any]) -> str:
        return told(one["whole"]) if one["whole"]["attempts"] else f"{one['field']} -> {one['state']}"

    found = _times(scene, step, views, "webhook", line)
    if "answered" in step.wanted or "state" in step.wanted:
        scene.told |= {one["id"] for one in found}


def _delivery(one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": one["id"],
        "field": one["field"],
        "state": one["state"],
        "answered": one["attempts"][-1]["status"] if one["attempts"] else None,
        "value": value_of(one),
        "whole": one,
    }


def value_of(delivery: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a delivery tells, without its envelope."""
    value: Mapping[str, Any] = delivery["body"]["entry"][0]["changes"][0]["value"]
    return value


def _times(
    scene: Scene,
    step: model.ExpectCall | model.ExpectWebhook,
    views: Callable[[], list[dict[str, Any]]],
    what: str,
    line: Callable[[Mapping[str, Any]], str],
) -> list[dict[str, Any]]:
    """Something has happened, at least once or exactly so often; what it was."""
    wanted, times = resolve(step.wanted, scene.scope), step.times

    def found() -> list[dict[str, Any]]:
        return [one for one in views() if fits(wanted, one)]

    def look() -> bool:
        return len(found()) >= 1 if times is None else len(found()) == times

    def miss() -> str:
        there = views()
        head = f"{len(found())} times instead of {times}: {what} {shown(wanted)}" if times is not None else ""
        head = head or f"there is no {what} {shown(wanted)}"
        near = min(there, key=lambda one: len(list(misses(wanted, one))), default=None)
        nearest = ["", f"Nearest: {line(near)}", *(f"  {x}" for x in misses(wanted, near))] if near else []
        return "\n".join([head, *nearest, *listed("What there was", map(line, there))])

    if times == 0:
        until = elapsed() + min(step.within, model.SILENCE)
        while elapsed() < until and look():
            sleep(0.05)
            scene.waba.settle(1.0)
        if not look():
            raise Missed(miss())
    else:
        wait_for(scene, step.within, look, miss)
    return found()
