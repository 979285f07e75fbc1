"""Recorded traffic held against the contracts: HAR files, journals, webhook bodies, single requests.

Nothing is sent anywhere. Which contract a call keeps is told by its method and path; where the kind of its node cannot
be known from a path, any contract of that edge will do.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from localwaba_contracts import registry
from localwaba_contracts.har import exchanges, is_har, operations_of
from localwaba_contracts.journals import Unreadable, journal
from localwaba_contracts.messages import message_contract
from localwaba_contracts.paths import operations, take_apart
from localwaba_contracts.validate import Violation, coerce, violation
from localwaba_contracts.webhooks import contract_of

_FAMILY = "requests/messages"
_READ = "answers/success"


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What one body was held against. `problem` is None if it keeps its contract, or has none (`contract` empty).

    `part` is path, request, answer, webhook, value, "other" for requests that are not to the platform, or "unread" for
    a body in JSON that the record has not, or not so that it can be read.
    """

    where: str
    part: str
    contract: str = ""
    problem: Violation | None = None


class Call(msgspec.Struct, frozen=True, kw_only=True):
    """A Graph call and its answer as they were recorded; bodies are values, None where there was none or no JSON.

    `operation` is what the call was, if that is known from elsewhere than its path.
    """

    where: str
    method: str
    path: str
    request: Any = None
    status: int = 200
    answer: Any = None
    is_json: bool = True
    operation: str = ""


def judge_call(call: Call, version: str = "") -> list[Verdict]:
    """Verdicts on the request and on the answer of a call. `version` wins over the one in the path."""
    wanted = version or take_apart(call.path)[0]
    candidates = operations(call.method, call.path)
    candidates = [row for row in candidates if row.operation == call.operation] or candidates
    where = f"{call.where}{call.method} {call.path}"
    if not candidates:
        return [Verdict(where=where, part="path")]
    found: list[Verdict] = []
    if isinstance(call.request, dict):
        found.append(_judge_request(where, call, candidates, wanted))
    if isinstance(call.answer, dict):
        answers = ["answers/error"] if call.status >= 400 else _answers(call, candidates)
        if answers:
            found.append(_best(where, "answer", [(name, call.answer) for name in dict.fromkeys(answers)], wanted))
    return found


def _answers(call: Call, candidates: Sequence[registry.RouteRow]) -> list[str]:
    """The contracts that an answer may keep; a message that was marked as read is answered otherwise than a send."""
    if isinstance(call.request, dict) and call.request.get("status") == "read":
        return [_READ if row.request == _FAMILY else row.answer for row in candidates if row.answer]
    return [row.answer for row in candidates if row.answer]


def judge_webhook(where: str, body: Any, version: str = "") -> list[Verdict]:
    """Verdicts on a webhook's envelope and on the value of each of its changes."""
    envelope = _best(where, "webhook", [("webhooks/envelope", body)], version)
    if envelope.problem is not None:
        return [envelope]
    found: list[Verdict] = []
    for i, entry in enumerate(body["entry"]):
        for j, change in enumerate(entry["changes"]):
            name = contract_of(change["field"]) or ""
            name = name if name in registry.names() else ""
            place = f"{where} entry[{i}].changes[{j}] ({change['field']})"
            found.append(_best(place, "webhook", [(name, change["value"])] if name else [], version))
    return found


def judge_value(where: str, contract: str, value: Any, version: str = "") -> Verdict:
    """A verdict by a contract that somebody named; KeyError if there is none of that name."""
    registry.schema(contract, version)
    return _best(where, "value", [(contract, value)], version)


def judge_document(where: str, document: Any, version: str = "") -> list[Verdict]:
    """Verdicts on whatever a file holds: a HAR, a journal, a webhook, a send. Unreadable if it is none of them."""
    entries = journal(where, document) if document else None
    if entries is not None:
        return list(_judge_journal(entries, version))
    if isinstance(document, list) and document and all(isinstance(one, dict) for one in document):
        return [
            verdict
            for number, one in enumerate(document)
            for verdict in judge_document(f"{where}[{number}]", one, version)
        ]
    if not isinstance(document, dict):
        raise Unreadable(f"{where}: neither an object nor a list of objects")
    if is_har(document):
        return list(_judge_har(document, version))
    if isinstance(document.get("webhooks"), list):
        return [one for hook in document["webhooks"] for one in judge_webhook(_named(hook), hook.get("body"), version)]
    if "object" in document and "entry" in document:
        return judge_webhook(where, document, version)
    if "messaging_product" in document:
        return [_best(where, "request", [(message_contract(document), document)], version)]
    raise Unreadable(f"{where}: no HAR, journal, webhook or send; name the contract that is meant with --as")


def _judge_request(where: str, call: Call, candidates: Sequence[registry.RouteRow], version: str) -> Verdict:
    held: list[tuple[str, Any]] = []
    for row in candidates:
        name, params = row.request or "", call.request
        if not name:
            continue
        if name == _FAMILY:
            params = params if call.is_json else coerce(message_contract(params), params)
            name = message_contract(params)
        else:
            params = coerce(name, params, version)
        held.append((name, params))
    return _best(where, "request", held, version)


def _best(where: str, part: str, held: Iterable[tuple[str, Any]], version: str) -> Verdict:
    """The verdict by the first contract that is kept, else by the first one."""
    first: Verdict | None = None
    for name, value in held:
        problem = violation(name, value, version)
        verdict = Verdict(where=where, part=part, contract=name, problem=problem)
        if problem is None:
            return verdict
        first = first or verdict
    return first or Verdict(where=where, part=part)


def _judge_journal(entries: Sequence[Mapping[str, Any]], version: str) -> Iterator[Verdict]:
    """Calls with their answers, and the webhooks that were queued."""
    for entry in entries:
        where = f"journal {entry['n']}: "
        if entry["kind"] == "call":
            call = Call(
                where=where,
                method=entry["method"],
                path=entry["path"],
                request=entry.get("request"),
                status=entry["status"],
                answer=entry.get("answer"),
                operation=entry.get("operation", ""),
            )
            yield from judge_call(call, version)
        elif entry["event"] == "DeliveryQueued":
            yield from judge_webhook(f"{where}webhook", entry["data"]["delivery"]["body"], version)


def _judge_har(document: Mapping[str, Any], version: str) -> Iterator[Verdict]:
    known = list(exchanges(document))
    named = operations_of(known)
    for one in known:
        where = f"entry {one.number}: "
        if one.is_webhook:
            yield from judge_webhook(f"{where}POST {one.url}", one.request, version)
        elif one.is_call:
            call = Call(
                where=where,
                method=one.method,
                path=one.path,
                request=one.request,
                status=one.status,
                answer=one.answer,
                is_json=one.is_json,
                operation=named.get(one.number, ""),
            )
            yield from judge_call(call, version)
        else:
            yield Verdict(where=f"{where}{one.method} {_short(one.url)}", part="other")
            continue
        for part in one.unread:
            yield Verdict(where=f"{where}{one.method} {one.path}: {part}", part="unread")


def _short(url: str) -> str:
    """A URL without what is in it, where a browser has written the whole content there."""
    return f"{url.partition(',')[0]},…" if url.startswith("data:") else url


def _named(hook: Mapping[str, Any]) -> str:
    return f"webhook {hook.get('id', '')}".strip()
