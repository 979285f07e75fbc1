"""The messaging limit: whom a business may write to first, how that is counted, and how it grows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.clock import DAY, HOUR, SECOND
from localwaba.domain.consequences import follow
from localwaba.domain.errors import Refused
from localwaba.domain.events import Event, Put, StatusReached
from localwaba.domain.inbound import new_user, receive
from localwaba.domain.model import PhoneNumber
from localwaba.domain.policy import patch
from localwaba.domain.seeding import new_world
from localwaba.domain.tiers import LIMITS, next_step
from localwaba.domain.traits import Traits
from localwaba.domain.world import World
from localwaba.operations.happening import happen
from localwaba.operations.meta import patch_number
from localwaba.wire import webhooks

from .conftest import NOW, Caller

FIELDS = ("business_capability_update", "phone_number_quality_update")


class Life(Caller):
    """A world in which what is due happens as time passes; `told` has what was announced, `failed` the refusals."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.failed: list[Any] = []
        self.turn(pair_seconds=None, throughput_standard=None)

    @property
    def number(self) -> PhoneNumber:
        return self.world.numbers[self.world.phone_number_id]

    @property
    def limit(self) -> str:
        return self.world.businesses[self.world.business_id].messaging_limit

    def turn(self, **knobs: Any) -> None:
        self.world.policy = patch(self.world.policy, knobs)

    def happen(self, events: Iterable[Event]) -> None:
        for event in events:
            apply(self.world, event)
            self.events.append(event)
            where = webhooks.notice(self.world, event)
            if where is not None and where.field in FIELDS:
                self.told.append((where.field, webhooks.value(self.world, event, Traits(version="v26.0"))))
            if isinstance(event, StatusReached) and event.refusal is not None:
                self.failed.append(event.refusal)
            ids = self.world.ids()
            following = follow(self.world, event, ids)
            self.world.drawn = ids.drawn
            self.happen(following)

    def advance(self, milliseconds: int) -> None:
        end = self.now + milliseconds
        while (due := self.world.pop_due(end)) is not None:
            self.now, _, item = due
            ids = self.world.ids()
            events = happen(self.world, item, self.now, ids)
            self.world.drawn = ids.drawn
            self.happen(events)
        self.now = end

    def send(self, *users: int, number_id: str = "") -> None:
        """A template to users, and time enough to leave."""
        for user in users:
            template = {"name": "hello_world", "language": {"code": "en_US"}}
            body = {"messaging_product": "whatsapp", "to": f"1650{user:07}", "type": "template", "template": template}
            self("POST", number_id or self.world.phone_number_id, "messages", body)
        self.advance(0)

    def patch(self, **changes: Any) -> None:
        self.happen(patch_number(self.world, self.now, self.world.phone_number_id, changes))

    def write(self, user: int) -> None:
        """A user writes, which opens their window."""
        wa_id = f"1650{user:07}"
        world = self.world
        known = world.users.get(wa_id) or new_user(world.seed, wa_id, "US")
        ids = world.ids()
        content = {"type": "text", "text": {"body": "Hello"}}
        events = receive(world, ids, self.now, known, world.phone_number_id, content)[1]
        world.drawn = ids.drawn
        self.happen([Put(at=self.now, thing=known), *events])

    def other_number(self, **changes: Any) -> str:
        other = replace(self.number, id="42", digits="15550783882", **changes)
        self.happen([Put(at=self.now, thing=other)])
        return other.id


@pytest.fixture
def life() -> Life:
    """A world as it is seeded, with no other limit in the way."""
    return Life(new_world("test", 7, NOW))


def test_a_new_world_reaches_250_users(life: Life) -> None:
    """The 251st user within 24 hours is not reached: 131048, told later, with the state that led to it."""
    life.send(*range(251))
    (refusal,) = life.failed
    assert refusal.code == 131048
    assert refusal.why.startswith("250 of 250 different users (TIER_250) were reached")
    assert refusal.why.endswith("the next is free in 1 d")
    assert '{"messaging_limit":"TIER_2K"}' in refusal.fix


def test_users_count_once(life: Life) -> None:
    """Several messages to one user use one place, and who was reached can be written to at the limit."""
    life.send(*range(250), *range(250))
    assert life.failed == []


def test_a_place_is_free_after_a_day(life: Life) -> None:
    """24 hours after a user was last reached there is a place; not a millisecond earlier."""
    life.turn(messaging_limit_growth=None)
    life.send(*range(250))
    life.advance(DAY - 1)
    life.send(1_000)
    life.advance(1)
    life.send(1_001)
    assert [refusal.code for refusal in life.failed] == [131048]
    assert "the next is free in 0 s" not in life.failed[0].why


def test_answers_do_not_count(life: Life) -> None:
    """Who wrote within 24 hours is answered without a place, at the limit too."""
    life.write(1)
    life.send(1)
    assert life.world.limits.reached == {}
    life.send(*range(10, 260))
    life.send(1)
    assert life.failed == []


def test_messages_that_fail_do_not_count(life: Life) -> None:
    """A message that reaches nobody uses no place."""
    body = {"messaging_product": "whatsapp", "to": "15550131026", "type": "template"}
    body |= {"template": {"name": "hello_world", "language": {"code": "en_US"}}}
    life("POST", life.world.phone_number_id, "messages", body)
    life.advance(DAY)
    assert (life.failed[0].code, life.world.limits.reached) == (131026, {})


def test_numbers_share_the_portfolios_limit(life: Life) -> None:
    """All numbers of a portfolio use the same places; a user counts once for all of them."""
    other = life.other_number()
    life.send(*range(200))
    life.send(*range(150, 250), number_id=other)
    assert life.failed == []
    life.send(300, number_id=other)
    assert life.failed[0].code == 131048


def test_the_limit_told_at_once(life: Life) -> None:
    """With the knob turned, the answer itself is 131048."""
    life.turn(messaging_limit_answer="sync")
    life.send(*range(250))
    with pytest.raises(Refused) as caught:
        life.send(300)
    assert caught.value.refusal.code == 131048
    life.send(3)


def test_counting_deliveries(life: Life) -> None:
    """With the knob turned, a user counts when a message is delivered, or read where nothing said so before."""
    life.turn(messaging_limit_counts="delivered")
    life.send(1, 2)
    assert life.world.limits.reached == {}
    life.advance(SECOND)
    assert life.world.limits.reached[life.world.business_id].within_a_day(life.now) == 2
    first = dict(life.world.limits.reached[life.world.business_id].day)
    life.advance(HOUR)
    assert life.world.limits.reached[life.world.business_id].day == first
    body = {"messaging_product": "whatsapp", "to": "15550900003", "type": "template"}
    body |= {"template": {"name": "hello_world", "language": {"code": "en_US"}}}
    life("POST", life.world.phone_number_id, "messages", body)
    life.advance(HOUR)
    assert "15550900003" in life.world.limits.reached[life.world.business_id].day


def test_limits_turned_off(life: Life) -> None:
    """With the knob off everybody can be written to, and nobody is counted."""
    life.turn(messaging_limits=False)
    life.send(*range(300))
    assert (life.failed, life.world.limits.reached) == ([], {})


def test_half_of_the_limit_makes_it_grow(life: Life) -> None:
    """Six hours after half of the limit was used, the next one holds, and the business is told."""
    life.send(*range(124))
    life.advance(7 * HOUR)
    assert life.limit == "TIER_250"
    life.send(200)
    life.advance(6 * HOUR - 1)
    assert (life.limit, life.told) == ("TIER_250", [])
    life.advance(1)
    assert life.limit == "TIER_2K"
    (capability, quality) = life.told
    assert capability == (
        "business_capability_update",
        {"max_daily_conversations_per_business": 2_000, "max_phone_numbers_per_waba": 25},
    )
    assert (quality[0], quality[1]["event"]) == ("phone_number_quality_update", "UPGRADE")


def test_half_within_seven_days(life: Life) -> None:
    """Users of seven days add up to the half; those of longer ago do not."""
    life.send(*range(100))
    life.advance(7 * DAY)
    life.send(*range(200, 300))
    life.advance(DAY)
    assert life.limit == "TIER_250"
    life.send(*range(400, 425))
    life.advance(6 * HOUR)
    assert life.limit == "TIER_2K"


def test_a_red_number_stops_growth(life: Life) -> None:
    """While any number of the portfolio is rated RED nothing grows, at the last moment either."""
    other = life.other_number(quality_rating="RED")
    life.send(*range(125))
    life.advance(DAY)
    assert life.limit == "TIER_250"
    life.happen([Put(at=life.now, thing=replace(life.world.numbers[other], quality_rating="YELLOW"))])
    life.send(200)
    life.patch(quality_rating="RED")
    life.advance(6 * HOUR)
    assert life.limit == "TIER_250"
    life.patch(quality_rating="GREEN")
    life.send(200)
    life.advance(6 * HOUR)
    assert life.limit == "TIER_2K"


def test_growth_is_planned_once(life: Life) -> None:
    """However much is sent, one growth is planned at a time; and none that was overtaken takes place."""
    life.send(*range(200))
    assert sum(type(event).__name__ == "GrowthPlanned" for event in life.events) == 1
    life.patch(messaging_limit="TIER_50")
    life.advance(6 * HOUR)
    assert life.limit == "TIER_50"


def test_no_growth_by_itself(life: Life) -> None:
    """With the knob at null a limit only grows by hand."""
    life.turn(messaging_limit_growth=None)
    life.send(*range(250))
    life.advance(7 * DAY)
    assert life.limit == "TIER_250"


def test_an_unverified_business_needs_2000_users(life: Life) -> None:
    """Without verification half of 250 is not enough; 2,000 users reached in 30 days are."""
    life.patch(business_verification_status="not_verified")
    user = 0
    for _ in range(8):
        life.send(*range(user, user + 249))
        user += 249
        life.advance(DAY)
    assert (life.limit, life.failed) == ("TIER_250", [])
    life.send(*range(user, user + 8))
    life.advance(6 * HOUR)
    assert life.limit == "TIER_2K"


def test_verification_lifts_the_limit(life: Life) -> None:
    """A business that gets verified reaches 2,000 users at once, and is told."""
    life.patch(business_verification_status="not_verified")
    assert life.told == []
    life.patch(business_verification_status="verified")
    business = life.world.businesses[life.world.business_id]
    assert (business.verification_status, business.messaging_limit) == ("verified", "TIER_2K")
    assert life.told[0][0] == "business_capability_update"


def test_limits_as_tiers(life: Life) -> None:
    """A knob has the webhook say TIER_2K, as Meta's table does."""
    life.turn(capability_values="tier")
    life.patch(messaging_limit="TIER_2K")
    assert life.told[0][1]["max_daily_conversations_per_business"] == "TIER_2K"


def test_steps() -> None:
    """Portfolios grow by 2,000, numbers grew by 1,000 until October 2025; unlimited is the end."""
    new, old = patch_to("portfolio"), patch_to("number")
    assert [next_step(limit, new) for limit in LIMITS] == [
        "TIER_250",
        "TIER_2K",
        "TIER_2K",
        "TIER_10K",
        "TIER_100K",
        "TIER_UNLIMITED",
        None,
    ]
    assert [next_step(limit, old) for limit in ("TIER_250", "TIER_1K")] == ["TIER_1K", "TIER_10K"]


def patch_to(model: str) -> Any:
    return patch(new_world("x", 1, NOW).policy, {"messaging_limit_model": model})


def test_numbers_with_limits_of_their_own(life: Life) -> None:
    """In the older model every number has its own places, grows by itself, and only the number is spoken of."""
    life.turn(profile="before-2025-10", pair_seconds=None, throughput_standard=None)
    other = life.other_number()
    life.send(*range(250))
    life.send(*range(250, 500), number_id=other)
    assert life.failed == []
    life.advance(DAY)
    assert {number.messaging_limit for number in life.world.numbers.values()} == {"TIER_1K"}
    assert life.limit == "TIER_250"
    assert {field for field, _ in life.told} == {"phone_number_quality_update"}
    assert (life.told[0][1]["old_limit"], life.told[0][1]["current_limit"]) == ("TIER_250", "TIER_1K")


@pytest.mark.parametrize(
    ("model", "version", "field"),
    [
        ("portfolio", "v26.0", "whatsapp_business_manager_messaging_limit"),
        ("portfolio", "v22.0", "messaging_limit_tier"),
        ("number", "v22.0", "messaging_limit_tier"),
    ],
)
def test_fields_tell_the_limit(life: Life, model: str, version: str, field: str) -> None:
    """The number's field is the limit that holds for it."""
    life.turn(messaging_limit_model=model)
    life.patch(messaging_limit="TIER_10K")
    found = life("GET", life.world.phone_number_id, "", {"fields": field}, version=version)
    assert found.body[field] == "TIER_10K"
    assert (life.number.messaging_limit == "TIER_10K") is (model == "number")


def test_high_throughput_by_itself(life: Life) -> None:
    """An unlimited number of good quality that reached enough users in a day is upgraded within a minute."""
    life.turn(high_throughput_users=5)
    life.patch(messaging_limit="TIER_UNLIMITED", quality_rating="RED")
    life.send(*range(10))
    assert life.number.upgrading_until == 0
    life.patch(quality_rating="YELLOW")
    life.advance(DAY)
    life.send(*range(4))
    assert life.number.upgrading_until == 0
    life.told.clear()
    life.send(4)
    assert life.number.upgrading_until == life.now + 60 * SECOND
    life.advance(60 * SECOND)
    assert life.number.throughput_level == "HIGH"
    assert [value["event"] for _, value in life.told] == ["THROUGHPUT_UPGRADE"]
