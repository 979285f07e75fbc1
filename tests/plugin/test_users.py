"""Users of the client: what they do reaches the app, what they wait for is found."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import Any

import pytest

from localwaba import ControlError, User, Waba
from localwaba.domain.media_samples import sample


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada")


def last(waba: Waba) -> Any:
    """The last message that a user sent, as the webhook told it."""
    delivery = waba.deliveries(field="messages")[-1]
    return delivery["body"]["entry"][0]["changes"][0]["value"]["messages"][0]


def test_what_users_do_is_settled(app: Any, waba: Waba, ada: User) -> None:
    """When `sends` returns, the app has answered the webhook, and what it sent meanwhile has been read."""
    app.answers = lambda message: app.send(message["from"], body="Hello")
    ada.sends("hi")
    assert [(one.sender, one.text, one.ticks) for one in ada.inbox] == [
        ("user", "hi", "received"),
        ("business", "Hello", "read"),
    ]


def test_the_same_calls_give_the_same_numbers(waba: Waba) -> None:
    """Users of one country are different people, and the same ones after a reset."""

    def numbers() -> list[str]:
        return [waba.user().wa_id, waba.user().wa_id, waba.user(country="BR").wa_id]

    first = numbers()
    waba.reset()
    assert numbers() == first
    assert len(set(first)) == 3
    assert first[2].startswith("55")


@pytest.mark.parametrize(("country", "end"), [("UK", "'UK'; did you mean GB?"), ("Brazil", "'Brazil'"), ("XX", "'XX'")])
def test_no_country(waba: Waba, country: str, end: str) -> None:
    """A user of a country that there is not gets no number of another one; Antarctica is one all the same."""
    with pytest.raises(ValueError, match=re.escape(f"country is a code of two letters such as BR, not {end}")):
        waba.user("Ada", country=country)
    assert waba.user("Ada", country="aq").wa_id


def test_behaviour(app: Any, waba: Waba) -> None:
    """A user who does not read is told to the platform; a slip in a name is refused with the nearest one."""
    quiet = waba.user("Quiet", read_after=None)
    quiet.sends("hi")
    app.send(quiet.wa_id, body="Hello")
    assert quiet.receives(text="Hello").ticks == "delivered"
    with pytest.raises(TypeError, match="did you mean read_after"):
        waba.user("Slip", reads_after=None)


def test_reply(app: Any, waba: Waba, ada: User) -> None:
    """A user quotes a bubble or an id."""
    ada.sends("hi")
    sent = app.send(ada.wa_id, body="Hello")["messages"][0]["id"]
    ada.sends("quoting", reply_to=ada.receives(text="Hello"))
    assert last(waba)["context"]["id"] == sent
    ada.sends("quoting again", reply_to=sent)
    assert last(waba)["context"]["id"] == sent


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_files(app: Any, waba: Waba, ada: User, kind: str, tmp_path: Path) -> None:
    """A file is a sample, bytes or a path; in each case the webhook names its true type."""
    file = sample(kind)
    path = tmp_path / file.filename
    path.write_bytes(file.content)
    send = getattr(ada, f"sends_{kind}")
    told = []
    for given in (None, file.content, path):
        send(given)
        told.append(last(waba)[kind])
    assert [one["mime_type"] for one in told] == [file.mime] * 3
    assert len({one["sha256"] for one in told}) == 1
    assert len({one["id"] for one in told}) == 3


def test_caption_and_filename(app: Any, waba: Waba, ada: User) -> None:
    """Caption and file name arrive."""
    ada.sends_document(caption="The menu", filename="menu.pdf")
    assert (last(waba)["document"]["caption"], last(waba)["document"]["filename"]) == ("The menu", "menu.pdf")


def test_location(app: Any, waba: Waba, ada: User) -> None:
    """A place has its coordinates, and its name if it has one."""
    ada.sends_location(52.5, 13.4, name="Mill")
    assert last(waba)["location"] == {"latitude": 52.5, "longitude": 13.4, "name": "Mill"}


@pytest.mark.parametrize("named", ["Yes", "yes-1"])
def test_taps(app: Any, waba: Waba, ada: User, named: str) -> None:
    """A button is tapped by its title or by its id."""
    ada.sends("hi")
    buttons = [{"type": "reply", "reply": {"id": "yes-1", "title": "Yes"}}]
    app.send(ada.wa_id, "interactive", type="button", body={"text": "Sure?"}, action={"buttons": buttons})
    ada.receives(buttons=["Yes"])
    ada.taps(named)
    assert last(waba)["interactive"]["button_reply"] == {"id": "yes-1", "title": "Yes"}


def test_taps_what_is_not_there(app: Any, waba: Waba, ada: User) -> None:
    """A title that no button has is refused with what there is."""
    ada.sends("hi")
    buttons = [{"type": "reply", "reply": {"id": "yes-1", "title": "Yes"}}]
    app.send(ada.wa_id, "interactive", type="button", body={"text": "Sure?"}, action={"buttons": buttons})
    with pytest.raises(ControlError, match=r"no button or row has title 'Yeah'.*'Yes'"):
        ada.taps("Yeah")


def test_reading_by_hand(app: Any, waba: Waba) -> None:
    """A user who never reads by themselves reads when told to."""
    slow = waba.user("Slow", read_after=None)
    slow.sends("hi")
    app.send(slow.wa_id, body="Hello")
    slow.reads()
    assert slow.inbox[-1].ticks == "read"


def test_blocking(app: Any, waba: Waba, ada: User) -> None:
    """Who has blocked the business gets nothing delivered; unblocked, they do again."""
    ada.sends("hi")
    ada.blocks()
    app.send(ada.wa_id, body="one")
    assert ada.chat[-1].ticks == "sent"
    ada.unblocks()
    app.send(ada.wa_id, body="two")
    assert ada.chat[-1].ticks == "read"


def test_receives_goes_on_from_the_last(app: Any, ada: User) -> None:
    """Each `receives` looks at what came after the message that the last one returned, and may skip some."""
    ada.sends("hi")
    for text in ("one", "two", "three"):
        app.send(ada.wa_id, body=text)
    assert ada.receives().text == "one"
    assert ada.receives(text="three").text == "three"
    ada.receives_nothing(within=0.01)


def test_a_late_arrival_is_not_lost(app: Any, waba: Waba, ada: User) -> None:
    """A message that was sent first and arrives last is still to be received."""
    ada.sends("hi")
    waba.policy(sent_after=60)
    app.send(ada.wa_id, body="slow")
    waba.policy(sent_after=0)
    app.send(ada.wa_id, body="quick")
    assert ada.receives().text == "quick"
    waba.advance(minutes=1)
    assert ada.receives().text == "slow"


def test_receives_waits_for_the_background(app: Any, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """An app that answers its webhook at once and works afterwards is waited for."""
    looked = threading.Event()
    look = ada._arrived
    monkeypatch.setattr(ada, "_arrived", lambda: (look(), looked.set())[0])
    worker = threading.Thread(target=lambda: (looked.wait(5), app.send(ada.wa_id, body="done")))
    worker.start()
    ada.sends("hi")
    assert ada.receives(text="done", timeout=5).text == "done"
    worker.join()


def test_patterns_and_functions(app: Any, ada: User) -> None:
    """A member may be a value, a pattern that is searched, or a function."""
    ada.sends("hi")
    app.send(ada.wa_id, body="Order 1042 is ready")
    assert ada.receives(text=re.compile(r"\b\d{4}\b"), ticks="read", type=lambda kind: kind != "image")


def test_reactions(app: Any, ada: User) -> None:
    """A reaction of the app is received like a message, and is on the bubble that it is to."""
    sent = ada.sends("hi")
    app.send(ada.wa_id, "reaction", message_id=sent, emoji="👍")
    assert ada.receives("reaction", "👍").reply_to == sent
    assert ada.inbox[0].reactions == ("👍",)
    assert len(ada.inbox) == 1


def test_rarer_deeds(app: Any, waba: Waba, ada: User) -> None:
    """Orders, ads, questions about products, forwards and what is not passed on are told as the platform tells them."""
    ada.sends_order("sku-1", {"product_retailer_id": "sku-2", "quantity": 3, "item_price": 2.5, "currency": "EUR"})
    order = last(waba)["order"]
    assert (order["catalog_id"], order["text"]) == (waba.catalog_id, "")
    assert [list(item.values()) for item in order["product_items"]] == [
        ["sku-1", 1, 1, "USD"],
        ["sku-2", 3, 2.5, "EUR"],
    ]
    ada.comes_from_ad("Hi!", headline="Coffee")
    assert (last(waba)["text"]["body"], last(waba)["referral"]["headline"]) == ("Hi!", "Coffee")
    ada.asks_about("sku-1")
    assert last(waba)["context"]["referred_product"]["product_retailer_id"] == "sku-1"
    ada.forwards("News")
    assert last(waba)["context"] == {"forwarded": True}
    ada.sends_unsupported("poll")
    assert (last(waba)["unsupported"], last(waba)["errors"][0]["code"]) == ({"type": "poll"}, 131051)
    ada.sends_contact("Grace Hopper", "+1 646 555 0100")
    assert last(waba)["contacts"][0]["phones"] == [{"phone": "+1 646 555 0100", "wa_id": "16465550100", "type": "CELL"}]


def test_second_thoughts(app: Any, waba: Waba, ada: User) -> None:
    """A user edits, deletes and takes a reaction back; the phone shows what is left."""
    sent = ada.sends("hi")
    gone = ada.sends("oh no")
    ada.edits("hello", sent)
    assert ada.deletes() is None
    assert gone not in [one.id for one in ada.inbox]
    app.send(ada.wa_id, body="Hello")
    there = ada.receives(text="Hello")
    ada.reacts("👍")
    assert ada.inbox[-1].reactions == ("👍",)
    ada.unreacts(there)
    assert ada.inbox[-1].reactions == ()
    assert [one.text for one in ada.inbox] == ["hello", "Hello"]


def test_edits_are_told(app: Any, waba: Waba, ada: User) -> None:
    """Where the number is used in the WhatsApp Business app too, edits and deletions are told by an id of their own."""
    waba.link.call("PATCH", f"phone_numbers/{waba.phone_number_id}", {"coexistence": True})
    sent = ada.sends("hi")
    assert ada.edits("hello") == last(waba)["id"]
    assert ada.deletes(sent) == last(waba)["id"]
    assert last(waba)["revoke"]["original_message_id"] == sent


def test_another_number(app: Any, waba: Waba, ada: User) -> None:
    """Who moves to another number goes on from there, with another business-scoped id."""
    before = ada.user_id
    ada.sends("hi")
    ada.changes_number("16465550177")
    assert (ada.wa_id, ada.user_id == before) == ("16465550177", False)
    ada.sends("here I am")
    assert (last(waba)["from"], last(waba)["from_user_id"]) == (ada.wa_id, ada.user_id)
    assert ada.changes_identity() != ada.changes_identity()
