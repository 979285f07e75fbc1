"""Several webhooks in one POST. Their JSON is joined as it stands, so that every escape stays as it was written."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

_LISTS = ("messages", "statuses", "errors", "calls", "user_actions")
Raw = msgspec.Raw


class _Envelope(msgspec.Struct):
    object: str
    entry: list[Raw]


class _Entry(msgspec.Struct, omit_defaults=True):
    id: str
    time: int | msgspec.UnsetType = msgspec.UNSET
    changes: list[Raw] = []


class _Change(msgspec.Struct):
    value: Raw
    field: str


_envelope = msgspec.json.Decoder(_Envelope).decode
_entry = msgspec.json.Decoder(_Entry).decode
_change = msgspec.json.Decoder(_Change).decode
_members = msgspec.json.Decoder(dict[str, Raw]).decode
_list = msgspec.json.Decoder(list[Raw]).decode
_encode = msgspec.json.Encoder().encode


def join(bodies: Sequence[bytes], form: str, *, mingled: bool = False) -> bytes:
    """One body that says what these say: as `entries`, as `changes` of one entry, as `items` of one value, or `mixed`.

    What cannot share an entry or a value keeps its own. `mingled`: contacts stand in another order than what they
    belong to. Updates of one value are of one kind: messages and statuses are never mixed in one.
    """
    entries = [entry for body in bodies for entry in _envelope(body).entry]
    if form == "mixed":
        third = -(-len(entries) // 3)
        first, rest, last = entries[: third + 1], entries[third + 1 : -third], entries[-third:]
        if third + 1 > len(entries) - third:
            first, rest, last = entries[:-1], [], entries[-1:]
        entries = [*_by_entry([*_by_value(first, mingled=mingled), *rest]), *last]
    elif form == "changes":
        entries = _by_entry(entries)
    elif form == "items":
        entries = _by_entry(_by_value(entries, mingled=mingled))
    return _encode(_Envelope("whatsapp_business_account", entries))


def updates(body: bytes) -> int:
    """How many updates a body holds, at least one."""
    count = 0
    for entry in _envelope(body).entry:
        for change in _entry(entry).changes:
            count += _count(change)
    return max(1, count)


def _count(change: Raw) -> int:
    try:
        members = _members(_change(change).value)
        return sum(len(_list(members[name])) for name in _LISTS if name in members)
    except msgspec.DecodeError:
        return 1


def _by_entry(entries: Sequence[Raw]) -> list[Raw]:
    """Entries with one id and time are one."""
    found: dict[tuple[str, object], _Entry] = {}
    for raw in entries:
        entry = _entry(raw)
        known = found.setdefault((entry.id, entry.time), _Entry(entry.id, entry.time, []))
        known.changes = [*known.changes, *entry.changes]
    return [Raw(_encode(entry)) for entry in found.values()]


def _by_value(entries: Sequence[Raw], *, mingled: bool) -> list[Raw]:
    """Entries of one change each; changes of one account, field, number and kind of update are one."""
    found: dict[object, tuple[_Entry, str, list[dict[str, Raw]]]] = {}
    apart: list[Raw] = []
    for raw in entries:
        entry = _entry(raw)
        for one in entry.changes:
            key = _key(entry, one)
            if key is None:
                apart.append(Raw(_encode(_Entry(entry.id, entry.time, [one]))))
                continue
            change = _change(one)
            found.setdefault(key, (entry, change.field, []))[2].append(_members(change.value))
    whole = [
        Raw(_encode(_Entry(entry.id, entry.time, [Raw(_encode(_Change(_value(values, mingled), field)))])))
        for entry, field, values in found.values()
    ]
    return [*whole, *apart]


def _key(entry: _Entry, raw: Raw) -> object:
    """What updates must share to stand in one value; None for what stands alone."""
    try:
        change = _change(raw)
        members = _members(change.value)
        kinds = [name for name in _LISTS if name in members]
        if len(kinds) != 1 or "metadata" not in members:
            return None
        _list(members[kinds[0]])
    except msgspec.DecodeError:
        return None
    return entry.id, entry.time, change.field, bytes(members["metadata"]), kinds[0]


def _value(values: Sequence[dict[str, Raw]], mingled: bool) -> Raw:
    """The values as one: lists joined, each contact once, other members as in the first."""
    names = {name: None for value in values for name in value}
    found: dict[str, Raw] = {}
    for name in names:
        given = [value[name] for value in values if name in value]
        if name not in ("contacts", *_LISTS):
            found[name] = given[0]
            continue
        items = [bytes(item) for raw in given for item in _list(raw)]
        if name == "contacts":
            items = list(dict.fromkeys(items))
            items = items[::-1] if mingled else items
        found[name] = Raw(b"[" + b",".join(items) + b"]")
    ordered = [name for name in ("messaging_product", "metadata", "contacts") if name in found]
    return Raw(_encode({name: found[name] for name in (*ordered, *(name for name in found if name not in ordered))}))
