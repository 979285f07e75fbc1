"""What only Meta can cause: a webhook of any field, and what it says of the world made true."""

from __future__ import annotations

from typing import Any, NamedTuple

from localwaba.domain import routing
from localwaba.domain.events import Event
from localwaba.domain.ids import Ids
from localwaba.domain.world import World
from localwaba.operations.announcements import announced
from localwaba.operations.beliefs import believe
from localwaba.operations.mistakes import Mistake, nearest, object_of, only, text_of
from localwaba.operations.platform_samples import Sample, sample, sampled
from localwaba.operations.users import number_in
from localwaba_contracts.validate import findings, violation
from localwaba_contracts.violations import Finding, choose, spell
from localwaba_contracts.webhooks import contract_of, dashboard_test

_MEMBERS = ("field", "variant", "value", "unchecked", "test", "phone_number_id", "waba_id")


class Fired(NamedTuple):
    """A webhook of Meta's own: its value, how many apps are told, and the events."""

    value: dict[str, Any]
    apps: int
    events: list[Event]


def fire(world: World, now: int, options: dict[str, Any], ids: Ids | None = None) -> Fired:
    """Fires the webhook of `field` with `value`, or with a sample, and changes the world where the value says so.

    A value that breaks the field's contract is refused, unless it is `unchecked`; `variant` chooses among the samples
    of `localwaba_contracts.webhooks`; `test` is the dashboard's button. Ids of what a
    sample brings into the world are drawn from `ids`.
    """
    only(options, _MEMBERS, "a platform event")
    field = text_of(options, "field")
    if field not in routing.FIELDS:
        raise Mistake(f"there is no webhook field {field!r}{nearest(field, routing.FIELDS)}")
    if "test" in options:
        return _tested(world, now, field, options)
    given, unchecked = object_of(options, "value"), options.get("unchecked", False)
    if not isinstance(unchecked, bool):
        raise Mistake("unchecked is true or false")
    if given is not None and not unchecked:
        check(field, given)
    number = number_in(world, text_of(options, "phone_number_id") or _number_id(given))
    waba_id = text_of(options, "waba_id") or number.waba_id
    if waba_id not in world.wabas:
        raise Mistake(f"this world has no waba_id {waba_id!r}; it has {', '.join(world.wabas)}")
    variant = text_of(options, "variant")
    if given is None:
        value, exact = _sampled(sample(world, now, field, number, ids or world.ids(), variant), field)
    else:
        if variant:
            raise Mistake("a platform event has a value of its own or the variant of a sample, not both")
        value, exact = given, True
    of_number = field in routing.OVERRIDABLE or field == "messages"
    told = announced(world, now, field, value, number if of_number else None, waba_id, exact=exact)
    apps = len(routing.subscribers(world, waba_id, field))
    return Fired(value, apps, [*believe(world, now, field, value, number), told])


def _tested(world: World, now: int, field: str, options: dict[str, Any]) -> Fired:
    """The button "Test" of the app dashboard: a ready value straight to the apps' callbacks; nothing has happened."""
    if options["test"] is not True or len(options) != 2:
        raise Mistake('a test of the dashboard is a field and nothing else: {"field":"messages","test":true}')
    value = dashboard_test(field)
    if value is None:
        raise Mistake(f"nobody knows what the dashboard sends for {field}")
    told = announced(world, now, field, value, waba_id=routing.DASHBOARD, exact=True)
    return Fired(value, len(routing.subscribers(world, routing.DASHBOARD, field)), [told])


def check(field: str, value: dict[str, Any]) -> None:
    """Refuses a value that breaks its field's contract, naming the member."""
    contract = contract_of(field)
    if contract is None or violation(contract, value) is None:
        return
    try:
        line = _line(findings(contract, value))
    except RecursionError:
        line = "the value is nested too deeply."
    raise Mistake(f'{field}: {line} "unchecked": true sends it all the same')


def _line(found: list[Finding]) -> str:
    """What is wrong with a value, and what to do; what is wrong within a choice says more than the choice."""
    plain = [one for one in found if one.keyword not in ("anyOf", "oneOf")]
    chosen = choose(plain or found)
    where = chosen.path or "the value"
    if not plain:
        return f"{where} needs {chosen.expected.removeprefix('exactly ')}."
    shallow = next(one for one in plain if spell(one.path) == chosen.path)
    if shallow.keyword == "pattern":
        return f"{where} does not match {shallow.limit}."
    fix = f" {chosen.fix[0].upper()}{chosen.fix[1:].removesuffix('?')}" if chosen.fix else ""
    return f"{chosen.message or where + ' is wrong.'}{fix}{'?' if chosen.fix.endswith('?') else '.' if fix else ''}"


def _sampled(found: Sample | None, field: str) -> Sample:
    if found is not None:
        return found
    if field == "messages":
        raise Mistake(
            "messages come from users: POST /_localwaba/users/{wa_id}/messages; or give a value, or name a variant"
        )
    if field in sampled():
        raise Mistake(f"a sample of {field} is about a template, and this world has none: create one, or give a value")
    raise Mistake(f"nobody knows what {field} looks like: give a value; there are samples of {', '.join(sampled())}")


def _number_id(value: dict[str, Any] | None) -> str:
    """The number that a value says it is about."""
    metadata = (value or {}).get("metadata")
    found = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    return found if isinstance(found, str) else ""
