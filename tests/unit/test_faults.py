"""Which fault applies, by rule and by chance; what is forged; what a terminal shows."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from localwaba.cli.fault_lines import fault_line
from localwaba.domain import fault_windows, faults
from localwaba.domain.applying import apply
from localwaba.domain.events import Event, Scheduled, StatusReached
from localwaba.domain.fault_kinds import KINDS, MATCHES
from localwaba.domain.fault_occasions import Occasion
from localwaba.domain.fault_state import SUBJECTS, Fault, FaultArmed, FaultFired, FaultsCleared, Match, When
from localwaba.domain.seeding import new_world
from localwaba.domain.world import World
from localwaba.operations.fault_presets import PRESETS
from localwaba.operations.faults import read_fault
from localwaba.webhooks.forging import forge
from localwaba.wire.deliveries import delivery_headers
from localwaba.wire.signature import matches
from neighbours import load

_parts = load("unit/arming")
arm, ask = _parts.arm, _parts.ask

NOW = 1_790_000_000_000
SECRET = b"test_app_secret"
BODY = b'{"text":"caf\\u00e9 \\/ 50\\u0025"}'


def test_chance_differs_by_seed() -> None:
    """Another seed, other faults."""
    runs = []
    for seed in (1, 2):
        world = new_world("w", seed, NOW)
        arm(world, "chance", 0.5)
        runs.append(ask(world, ["x"] * 50))
    assert runs[0] != runs[1]


@pytest.mark.parametrize(("chance", "expected"), [(0.0, False), (1.0, True)])
def test_sure_chance(world: World, chance: float, expected: bool) -> None:
    """A chance of 0 never comes, one of 1 always."""
    arm(world, "chance", chance)
    assert ask(world, ["x"] * 50) == [expected] * 50


def test_spent(world: World) -> None:
    """A fault that has fired for the last time is armed no longer, and keeps its counts."""
    fault = arm(world, "next", 2)
    ask(world, ["x"] * 5)
    spent = world.fault_record.spent[fault.id]
    assert (world.faults, spent.asked, spent.fired, spent.left) == ({}, 2, 2, 0)


def test_subjects_are_bounded(world: World) -> None:
    """`first` remembers so many subjects, however many come."""
    fault = arm(world, "first", 1)
    ask(world, [str(n) for n in range(SUBJECTS + 50)])
    assert len(world.faults[fault.id].subjects) == SUBJECTS


def test_unmatched_occasions_count_for_nothing(world: World) -> None:
    """What a fault does not match uses up none of its turns."""
    fault = arm(world, "next", 1, status=("read",))
    assert ask(world, ["x", "y"], status=("sent",)) == [False, False]
    assert world.faults[fault.id].asked == 0
    assert ask(world, ["x"], status=("read",)) == [True]


def test_all_members_have_to_match(world: World) -> None:
    """One value of each member that is given has to be there."""
    arm(world, status=("read", "sent"), recipient=("1",))
    assert ask(world, ["x"], status=("sent",), recipient=("1", "US.1")) == [True]
    assert ask(world, ["x"], status=("sent",), recipient=("2",)) == [False]
    assert ask(world, ["x"], status=("delivered",), recipient=("1",)) == [False]


def test_order_of_arming(world: World) -> None:
    """All faults that match have their say, in the order of arming; after a loss nobody else."""
    kinds = ("delay", "lose", "duplicate")
    for kind in kinds:
        arm(world, kind=kind)
    fired = faults.rule(world, "telling", Occasion("it", "x"), NOW).fired
    assert [fault.kind for fault in fired] == ["delay", "lose"]


def test_cleared(world: World) -> None:
    """A cleared fault fires no more."""
    fault = arm(world)
    apply(world, FaultsCleared(at=NOW, ids=(fault.id,)))
    assert ask(world, ["x"]) == [False]


def test_undisturbed(world: World) -> None:
    """Events that no fault is about stay what they are."""
    arm(world, kind="fail")
    events: list[Event] = [StatusReached(at=NOW, message_id="unknown", status="sent"), FaultsCleared(at=NOW, ids=())]
    assert list(faults.disturb(world, events)) == events


def test_permutations() -> None:
    """Shuffled is by the salt and never the old order; reversed is reversed; nothing is lost."""
    things = list("abcd")
    shuffled = {tuple(fault_windows._permuted(things, "shuffled", str(salt))) for salt in range(200)}
    assert tuple(things) not in shuffled
    assert len(shuffled) > 10
    assert {tuple(sorted(one)) for one in shuffled} == {tuple(things)}
    assert fault_windows._permuted(things, "reversed", "") == list("dcba")
    assert fault_windows._permuted(["a"], "shuffled", "") == ["a"]
    assert fault_windows._permuted([], "shuffled", "") == []


def test_every_kind_is_read(world: World) -> None:
    """Each kind can be armed with its required parameters alone, and gets all of its defaults."""
    for name, kind in KINDS.items():
        body = {"kind": name} | (
            {"code": 131056} if name == "error" else {"how": "no_phone"} if name == "reshape" else {}
        )
        found = read_fault(world, body)
        wanted = {one.name for one in kind.parameters if one.default is not None}
        assert set(found.parameters) == wanted
        assert kind.side in MATCHES


def test_presets_name_each_thread_as_it_is_cited() -> None:
    """A report is owner/repository#number, what Meta announces, or captured traffic."""
    for preset in PRESETS.values():
        for report in preset.reports:
            owner, _, number = report.partition("#")
            assert report.startswith(("Meta: ", "captured: ")) or (owner.count("/") == 1 and number.isdigit()), report


# what is forged


def _forged(kind: str, body: bytes = BODY, *, legacy: bool = True, **parameters: Any) -> tuple[dict[str, str], bytes]:
    fault = Fault(id="f", kind=kind, parameters=parameters)
    headers, sent = forge([fault], SECRET, delivery_headers(SECRET, body, legacy=legacy), body)
    return dict(headers), sent


@pytest.mark.parametrize("how", ["secret", "plain", "tampered", "uppercase"])
@pytest.mark.parametrize("body", [BODY, b'{"a":1}'])
def test_wrong_signature(how: str, body: bytes) -> None:
    """No signature matches the bytes that are sent, and these are JSON all the same."""
    headers, sent = _forged("wrong_signature", body, how=how)
    for name in ("X-Hub-Signature-256", "X-Hub-Signature"):
        assert not matches(headers[name], SECRET, sent)
    assert json.loads(sent) == json.loads(body)


def test_signature_over_plain_json() -> None:
    """The signature is right for the unescaped JSON, which is what a parsed body makes when it is written again."""
    headers, sent = _forged("wrong_signature", how="plain")
    assert sent == BODY
    assert matches(headers["X-Hub-Signature-256"], SECRET, '{"text":"café / 50%"}'.encode())


def test_plain_bytes() -> None:
    """The body is unescaped UTF-8, rightly signed."""
    headers, sent = _forged("plain_bytes")
    assert sent == '{"text":"café / 50%"}'.encode()
    assert matches(headers["X-Hub-Signature-256"], SECRET, sent)
    assert matches(headers["X-Hub-Signature"], SECRET, sent)


def test_missing_signature() -> None:
    """Neither signature is there; every other header is."""
    headers, sent = _forged("missing_signature")
    assert [name for name in headers if "Signature" in name] == []
    assert (headers["Content-Type"], sent) == ("application/json", BODY)


@pytest.mark.parametrize("legacy", [True, False])
def test_old_signature_only(legacy: bool) -> None:
    """Only the SHA-1 signature is there, whatever the policy says, and it is right."""
    headers, sent = _forged("old_signature_only", legacy=legacy)
    assert "X-Hub-Signature-256" not in headers
    assert matches(headers["X-Hub-Signature"], SECRET, sent)


# what a terminal shows


def _line(event: Any, armed: int) -> str:
    import msgspec

    data = msgspec.to_builtins(event)
    host: Any = SimpleNamespace(world=SimpleNamespace(faults=dict.fromkeys(range(armed))))
    return fault_line(host, data.pop("event"), data)


def test_lines() -> None:
    """A line says what was armed, cleared or spent, and how many faults are armed now."""
    fault = Fault(id="f", kind="latency", when=When("next", 3), parameters={"seconds": 2})
    armed = _line(FaultArmed(at=NOW, fault=fault), 1)
    assert armed == '*** FAULTS: armed f (latency, next 3) {"seconds": 2}; 1 armed ***'
    matching = Fault(id="f", kind="lose", match=Match(status=("sent",)))
    assert '(lose, always) {"match": {"status": ["sent"]}}; 2 armed' in _line(FaultArmed(at=NOW, fault=matching), 2)
    assert _line(FaultsCleared(at=NOW, ids=("f", "g")), 0) == "*** FAULTS: cleared f, g; none armed ***"
    spent = FaultFired(at=NOW, fault_id="f", kind="lose", hit="sent of wamid.1", left=0)
    assert _line(spent, 0) == "*** FAULTS: f (lose) has fired for the last time, on sent of wamid.1; none armed ***"


def test_scheduled_follow_ups_of_other_messages_stay() -> None:
    """Only what would have followed of the message that was hit is taken away."""
    world = new_world("w", 1, NOW)
    arm(world, kind="stuck_at")
    from localwaba.domain.agenda import ReachStatus

    other = Scheduled(at=NOW, due=NOW, item=ReachStatus("another", "read"))
    assert list(faults.disturb(world, [other])) == [other]
