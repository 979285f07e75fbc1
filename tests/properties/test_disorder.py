"""A world that was armed and disarmed is a fresh one, and what does not arrive was ordered not to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localwaba.operations.fault_presets import PRESETS
from neighbours import load

on: Any = load("http/anomaly_stage")
STORIES = (on.chatting, on.tapping, on.judging, on.overridden)
_NAMES = st.sampled_from(sorted(PRESETS))
_COMMANDS = st.lists(
    st.one_of(
        st.tuples(st.just("arm"), _NAMES), st.tuples(st.just("disarm"), st.integers(0, 9)), st.just(("clear", 0))
    ),
    max_size=8,
)
_OF_WEBHOOKS = sorted(name for name in PRESETS if "handshake" not in name)


def arm_and_disarm(stage: Any, commands: list[tuple[str, Any]]) -> None:
    """Faults come and go, one by one or all at once."""
    for command, what in commands:
        armed = [one["id"] for one in stage.control("GET", "faults")["faults"]]
        if command == "arm":
            stage.control("POST", "faults", {"preset": what})
        elif command == "clear":
            stage.control("DELETE", "faults")
        elif armed:
            stage.control("DELETE", f"faults/{armed[what % len(armed)]}")


@settings(max_examples=20)
@given(commands=_COMMANDS, story=st.sampled_from(STORIES))
def test_a_disarmed_world_is_a_fresh_one(commands: list[tuple[str, Any]], story: Any) -> None:
    """After any arming and disarming, once nothing is armed, the same bytes go out at the same moments as ever."""
    stage = on.Stage()
    arm_and_disarm(stage, commands)
    stage.control("DELETE", "faults")
    fresh = on.play(story)
    found = on.run(story, stage)
    assert (found.arrivals(), found.answers) == (fresh.arrivals(), fresh.answers)


@settings(max_examples=25)
@given(names=st.lists(st.sampled_from(_OF_WEBHOOKS), max_size=4, unique=True), seed=st.integers(0, 3))
def test_nothing_is_lost_without_an_order(names: list[str], seed: int) -> None:
    """Whatever is armed: each webhook arrives, alone or in another's POST, or the journal says which fault lost it."""
    stage = on.Stage(seed)
    for name in names:
        stage.control("POST", "faults", {"preset": name})
    try:
        on.sending_and_writing(stage)
        stage.control("DELETE", "faults")
        stage.passes(9 * 86_400)
        entries = stage.control("GET", "journal?kind=event&limit=20000")["entries"]
        ordered = {entry["data"].get("delivery_id") for entry in entries if entry["event"] == "FaultFired"}
        told_of = {entry["data"].get("message_id") for entry in entries if entry["event"] == "FaultFired"}
        deliveries = stage.world.deliveries
        for delivery in deliveries.values():
            carrier = deliveries[delivery.carrier] if delivery.carrier else delivery
            if carrier.state == "abandoned":
                assert carrier.attempts[-1].error.startswith("lost on purpose: fault-")
                assert delivery.id in ordered or carrier.id in ordered or delivery.message_id in told_of
            else:
                assert carrier.state == "delivered"
    finally:
        stage.close()


@pytest.mark.parametrize("name", ["drop", "lost-statuses", "template-events-lost"])
def test_a_loss_is_journalled(name: str) -> None:
    """What a fault loses is in the journal as fired, and among the webhooks with the fault's name."""
    stage = on.Stage()
    stage.control("POST", "faults", {"preset": name})
    try:
        on.sending(stage)
        on.judging(stage)
        entries = stage.control("GET", "journal?kind=event&limit=20000")["entries"]
        fired = [entry["data"] for entry in entries if entry["event"] == "FaultFired"]
        lost = [one for one in stage.control("GET", "webhooks")["webhooks"] if one["state"] == "abandoned"]
    finally:
        stage.close()
    assert len(lost) == len(fired) > 0
    kind = PRESETS[name].faults[0]["kind"]
    assert {one["attempts"][-1]["error"] for one in lost} == {f"lost on purpose: fault-1 ({kind})"}
