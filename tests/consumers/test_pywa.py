"""pywa, a client library that nobody here wrote, talks through the emulator: its webhook server, its types, its errors.

Nothing of pywa is patched. It checks the challenge and the signature of every webhook as it does in production.
"""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from localwaba import ControlError, User, Waba
from localwaba.domain.media_samples import sample

pywa = pytest.importorskip("pywa")

from pywa import WhatsApp, errors, types  # noqa: E402
from pywa.types import templates as t  # noqa: E402

pytestmark = pytest.mark.consumer

API_VERSION = 26.0
FIELDS = ("messages", "message_template_status_update", "user_preferences")
Update = Any


class Bot:
    """An app on pywa, set up as its documentation shows; everything that it is told lies in `told`."""

    def __init__(self, waba: Waba, *, app_secret: str | None = None) -> None:
        # pywa has graph.facebook.com in its code and takes an httpx.Client of the caller's. It sets the base URL of
        # that client when the bot is made; afterwards the client is ours to point elsewhere, with httpx's own property.
        self.session = httpx.Client(trust_env=False)
        self.app = Starlette()
        self.wa = WhatsApp(
            phone_id=waba.phone_number_id,
            token=waba.access_token,
            session=self.session,
            server=self.app,
            webhook_endpoint="/webhook",
            verify_token=waba.verify_token,
            validate_updates=True,
            app_id=waba.app_id,
            app_secret=app_secret or waba.app_secret,
            waba_id=waba.waba_id,
            api_version=API_VERSION,
        )
        self.session.base_url = f"{waba.graph_url}/v{API_VERSION}"
        self._told: dict[type, queue.Queue[Update]] = {}
        for decorate in (
            self.wa.on_message,
            self.wa.on_message_status,
            self.wa.on_callback_button,
            self.wa.on_callback_selection,
            self.wa.on_template_status_update,
            self.wa.on_user_marketing_preferences,
        ):
            decorate(self._hear)
        self.answers: Callable[[WhatsApp, Update], object] = lambda wa, update: None

    def _hear(self, wa: WhatsApp, update: Update) -> None:
        self.answers(wa, update)
        self._told.setdefault(type(update), queue.Queue()).put(update)

    def hears(self, kind: type[Any]) -> Any:
        """The next update of a kind; pywa works on it after it has answered the webhook."""
        return self._told.setdefault(kind, queue.Queue()).get(timeout=5)

    def hears_statuses(self, *expected: str) -> list[Any]:
        """The next statuses, in this order: pywa's threads overtake each other, its updates are sorted here."""
        found = [self.hears(types.MessageStatus) for _ in expected]
        found.sort(key=lambda status: expected.index(status.status.value))
        assert sorted(expected) == sorted(status.status.value for status in found)
        return found


class Front:
    """A server for the bots of all tests, one after the other: starting uvicorn costs more than a test."""

    def __init__(self) -> None:
        self.app: Starlette = Starlette()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/webhook"
        config = uvicorn.Config(self, log_level="warning", lifespan="off", timeout_graceful_shutdown=1)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, kwargs={"sockets": [self._socket]}, daemon=True)
        self._thread.start()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(5)


@pytest.fixture(scope="module")
def front() -> Iterator[Front]:
    front = Front()
    yield front
    front.stop()


@pytest.fixture
def bot(waba: Waba, front: Front) -> Iterator[Bot]:
    """A bot that is subscribed to its webhooks by itself, through Graph, as pywa does at its start."""
    bot = Bot(waba)
    front.app = bot.app
    token = bot.wa.get_app_access_token(int(waba.app_id), waba.app_secret)
    assert bot.wa.set_app_callback_url(int(waba.app_id), token, front.url, waba.verify_token, FIELDS)
    yield bot
    bot.session.close()


@pytest.fixture
def ada(waba: Waba) -> User:
    return waba.user("Ada Lovelace")


def test_handshake(waba: Waba, front: Front) -> None:
    """pywa echoes the challenge for its own verify token and refuses it for any other."""
    front.app = Bot(waba).app
    waba.webhook(front.url)
    assert waba.callback == front.url
    with pytest.raises(ControlError, match="403"):
        waba.webhook(front.url, verify_token="of somebody else")


def test_signature(waba: Waba, front: Front, ada: User) -> None:
    """pywa takes webhooks that are signed with its app's secret; with another secret it answers 403."""
    front.app = Bot(waba).app
    waba.webhook(front.url)
    ada.sends("signed")
    assert [one["attempts"][-1]["status"] for one in waba.deliveries()] == [200]
    front.app = Bot(waba, app_secret="0" * 32).app
    ada.sends("signed by somebody else")
    assert waba.deliveries()[-1]["attempts"][-1]["status"] == 403


def test_text_and_quote(bot: Bot, ada: User) -> None:
    """A text arrives with the sender's name and time; pywa's reply quotes it and gets to be read."""
    bot.answers = lambda wa, update: isinstance(update, types.Message) and update.reply("Good morning!", quote=True)
    sent = ada.sends("Hello\nthere 👋")
    heard = bot.hears(types.Message)
    assert (heard.id, heard.text, heard.from_user.name) == (sent, "Hello\nthere 👋", "Ada Lovelace")
    assert (heard.from_user.wa_id, heard.from_user.bsuid) == (ada.wa_id, ada.user_id)
    assert heard.timestamp.isoformat() == "2026-01-01T12:00:00+00:00"
    reply = ada.receives("text", "Good morning!", reply_to=sent)
    statuses = bot.hears_statuses("sent", "delivered", "read")
    assert {status.id for status in statuses} == {reply.id}
    assert statuses[0].from_user.wa_id == ada.wa_id
    answer = ada.sends("And to you", reply_to=reply)
    quoting = bot.hears(types.Message)
    assert (quoting.id, quoting.reply_to_message.id) == (answer, reply.id)


def test_buttons(bot: Bot, ada: User) -> None:
    """Reply buttons are shown, and a tap comes back as pywa's callback with the data of the button."""
    buttons = [types.Button("Yes", "yes:1"), types.Button("No", "no:1")]
    ada.sends("hi")
    sent = bot.wa.send_message(ada.wa_id, "Sure?", header="Order", footer="Take your time", buttons=buttons)
    shown = ada.receives("interactive", "Sure?", header="Order", footer="Take your time", buttons=["Yes", "No"])
    assert shown.id == sent.id
    ada.taps("No")
    tapped = bot.hears(types.CallbackButton)
    assert (tapped.title, tapped.data, tapped.reply_to_message.id) == ("No", "no:1", sent.id)


def test_list(bot: Bot, ada: User) -> None:
    """A list is shown, and a row that is chosen comes back as pywa's selection."""
    rows = [types.SectionRow("Flat white", "c:fw", "with milk"), types.SectionRow("Filter", "c:f")]
    coffees = types.SectionList("Choose", [types.Section("Coffees", rows)])
    ada.sends("menu")
    sent = bot.wa.send_message(ada.wa_id, "What may it be?", buttons=coffees)
    ada.receives("interactive", buttons=["Flat white", "Filter"])
    ada.taps("c:fw")
    chosen = bot.hears(types.CallbackSelection)
    assert (chosen.title, chosen.data, chosen.description) == ("Flat white", "c:fw", "with milk")
    assert chosen.reply_to_message.id == sent.id


def test_media_to_the_user(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa uploads bytes and sends them; what the user got can be downloaded and is the same file."""
    picture = sample("image")
    ada.sends("show me")
    bot.wa.send_image(ada.wa_id, picture.content, caption="Our shop", mime_type=picture.mime)
    got = ada.receives("image", "Our shop")
    found = bot.wa.get_media_url(got.content["id"])
    assert (found.mime_type, found.file_size) == (picture.mime, len(picture.content))
    assert bot.wa.get_media_bytes(found.url) == picture.content


def test_media_by_link(bot: Bot, ada: User) -> None:
    """A link to the world outside is taken on trust: nothing leaves this machine."""
    ada.sends("show me")
    bot.wa.send_image(ada.wa_id, "https://pictures.example/shop.jpg")
    assert ada.receives("image").content["link"] == "https://pictures.example/shop.jpg"


@pytest.mark.parametrize("kind", ["image", "video", "audio", "document", "sticker"])
def test_media_from_the_user(bot: Bot, ada: User, kind: str) -> None:
    """What a user sends is announced with its type and its hash, and pywa downloads the same bytes."""
    file = sample(kind)
    getattr(ada, f"sends_{kind}")(file.content)
    heard = bot.hears(types.Message)
    media = getattr(heard, kind)
    assert (heard.type.value, media.mime_type) == (kind, file.mime)
    assert media.get_bytes() == file.content


def test_media_is_deleted(waba: Waba, bot: Bot) -> None:
    """A deleted medium is gone: pywa raises its own error."""
    media = bot.wa.upload_media(sample("document").content, mime_type="application/pdf", filename="menu.pdf")
    assert bot.wa.delete_media(media.id)
    with waba.refuses(100), pytest.raises(errors.WhatsAppError):
        bot.wa.get_media_url(media.id)


def test_template(waba: Waba, bot: Bot, ada: User) -> None:
    """A template is created through pywa, approved, told so by webhook, and sent with its values outside the window."""
    body = t.BodyText("Hello {{name}}, your order {{order}} is on its way.", name="Ada", order="1042")
    track = t.QuickReplyButton(text="Where is it?")
    order = t.Template(
        name="order_update",
        language=t.TemplateLanguage.ENGLISH_US,
        category=t.TemplateCategory.UTILITY,
        parameter_format=t.ParamFormat.NAMED,
        components=[t.HeaderText("Your order"), body, t.FooterText(text="The roastery"), t.Buttons(buttons=[track])],
    )
    created = bot.wa.create_template(order)
    assert created.status is t.TemplateStatus.PENDING
    judged = bot.hears(types.TemplateStatusUpdate)
    assert (judged.template_id, judged.new_status.value) == (created.id, "APPROVED")
    assert [one.name for one in bot.wa.get_templates() if one.id == created.id] == ["order_update"]
    values = [body.params(name="Ada", order="77"), track.params(callback_data="track:77", index=0)]
    bot.wa.send_template(ada.wa_id, template=order, params=values)
    ada.receives(
        template="order_update",
        text="Hello Ada, your order 77 is on its way.",
        header="Your order",
        footer="The roastery",
        buttons=["Where is it?"],
    )
    pricing = bot.hears_statuses("sent", "delivered", "read")[0].pricing
    assert (pricing.category.value, pricing.billable) == ("utility", True)
    ada.taps("Where is it?")
    assert bot.hears(types.CallbackButton).data == "track:77"


@pytest.mark.waba(policy={"review_outcome": "pending"})
def test_template_rejected(waba: Waba, bot: Bot) -> None:
    """What Meta's reviewer decides arrives as pywa's update, with the reason."""
    created = bot.wa.create_template(
        t.Template(
            name="promo",
            language=t.TemplateLanguage.ENGLISH_US,
            category=t.TemplateCategory.MARKETING,
            components=[t.BodyText("Everything for half the price today, in every shop of ours.")],
        )
    )
    waba.templates.reject("promo", "SCAM")
    judged = bot.hears(types.TemplateStatusUpdate)
    assert (judged.template_id, judged.new_status.value, judged.reason) == (created.id, "REJECTED", "SCAM")


def test_reactions(bot: Bot, ada: User) -> None:
    """Both sides react, and take their reactions back."""
    hello = ada.sends("hello")
    heard = bot.hears(types.Message)
    heard.react("👍")
    ada.receives("reaction", "👍", reply_to=hello)
    heard.unreact()
    ada.receives("reaction", "", reply_to=hello)
    sent = bot.wa.send_message(ada.wa_id, "Welcome")
    ada.reacts("🎉")
    reaction = bot.hears(types.Message).reaction
    assert (reaction.emoji, reaction.message_id) == ("🎉", sent.id)


def test_read_and_typing(waba: Waba, bot: Bot, ada: User) -> None:
    """The user sees blue ticks, and that the business is typing until it answers."""
    sent = ada.sends("Anybody there?")
    heard = bot.hears(types.Message)
    assert heard.mark_as_read()
    assert {one.id: one.ticks for one in ada.inbox} == {sent: "read"}
    assert heard.indicate_typing()
    assert ada.sees_typing
    bot.wa.send_message(ada.wa_id, "Here I am")
    assert not ada.sees_typing


def test_closed_window_by_webhook(waba: Waba, bot: Bot, ada: User) -> None:
    """A free text to somebody who never wrote is accepted, and fails later with pywa's ReEngagementMessage."""
    with waba.refuses(131047):
        sent = bot.wa.send_message(ada.wa_id, "Are you still there?", tracker="reminder")
    failed = bot.hears_statuses("failed")[0]
    assert (failed.id, failed.tracker) == (sent.id, "reminder")
    assert isinstance(failed.error, errors.ReEngagementMessage)
    ada.receives_nothing()


def test_window_closes_after_a_day(waba: Waba, bot: Bot, ada: User) -> None:
    """Within 24 hours of the user's message free texts arrive, afterwards they do not."""
    ada.sends("hi")
    waba.advance(hours=23, minutes=59)
    bot.wa.send_message(ada.wa_id, "in time")
    ada.receives(text="in time")
    waba.advance(minutes=2)
    with waba.refuses(131047):
        bot.wa.send_message(ada.wa_id, "too late")


@pytest.mark.waba(policy={"window_answer": "sync"})
def test_closed_window_at_once(waba: Waba, bot: Bot, ada: User) -> None:
    """Where the platform says so at once, pywa raises the same error."""
    with waba.refuses(131047), pytest.raises(errors.ReEngagementMessage):
        bot.wa.send_message(ada.wa_id, "Are you still there?")


def test_refused_call(waba: Waba, bot: Bot, ada: User) -> None:
    """A call that breaks the contract raises pywa's own error, with Meta's code and details."""
    with waba.refuses(131009) as refused, pytest.raises(errors.WhatsAppError) as raised:
        bot.wa.send_message(ada.wa_id, "x", buttons=[types.Button("A title of more than twenty characters", "a")])
    assert raised.value.code == 131009
    assert raised.value.details == refused.calls[0].error["error_data"]["details"]


def test_unknown_token(waba: Waba, bot: Bot, ada: User) -> None:
    """A token that is none raises pywa's ExpiredAccessToken, and no world is touched."""
    bot.wa.token = "EAAnonsense"
    with waba.refuses(190), pytest.raises(errors.ExpiredAccessToken):
        bot.wa.send_message(ada.wa_id, "hi")
    assert waba.messages() == []


def test_marketing_opt_out(waba: Waba, bot: Bot, ada: User) -> None:
    """pywa hears that a user wants no more marketing; what is sent all the same fails with 131050."""
    bot.wa.create_template(
        t.Template(
            name="autumn_sale",
            language=t.TemplateLanguage.ENGLISH_US,
            category=t.TemplateCategory.MARKETING,
            components=[t.BodyText("Our autumn sale has begun, come in and find out.")],
        )
    )
    ada.stops_marketing()
    heard = bot.hears(types.UserMarketingPreferences)
    assert (heard.from_user.wa_id, heard.value.value) == (ada.wa_id, "stop")
    with waba.refuses(131050):
        bot.wa.send_template(ada.wa_id, "autumn_sale", t.TemplateLanguage.ENGLISH_US)
    assert isinstance(bot.hears_statuses("failed")[0].error, errors.SendMessageError)


def test_business_profile(bot: Bot) -> None:
    """The profile is read as it was written; an empty text clears a member."""
    bot.wa.update_business_profile(
        about="Fresh coffee",
        address="1 Mill Lane",
        description="Roasted on Tuesdays.",
        email="hello@roastery.example",
        industry=types.Industry.RESTAURANT,
        websites=["https://roastery.example"],
    )
    profile = bot.wa.get_business_profile()
    assert (profile.about, profile.address, profile.email) == ("Fresh coffee", "1 Mill Lane", "hello@roastery.example")
    assert (profile.industry, tuple(profile.websites)) == (types.Industry.RESTAURANT, ("https://roastery.example",))
    bot.wa.update_business_profile(description="")
    assert not bot.wa.get_business_profile().description


def test_profile_picture(waba: Waba, bot: Bot) -> None:
    """A picture goes through a resumable upload and gets a URL."""
    picture = sample("image")
    bot.wa.update_business_profile(profile_picture=picture.content)
    assert bot.wa.get_business_profile().profile_picture_url


def test_account(waba: Waba, bot: Bot) -> None:
    """Number and account are read with every field that pywa asks for."""
    number = bot.wa.get_business_phone_number()
    assert (number.id, number.status, number.quality_rating) == (waba.phone_number_id, "CONNECTED", "GREEN")
    assert [one.id for one in bot.wa.get_business_phone_numbers()] == [waba.phone_number_id]
    assert bot.wa.get_business_account().id == waba.waba_id


def _contact() -> types.Contact:
    name = types.Contact.Name(formatted_name="Grace Hopper", first_name="Grace")
    return types.Contact(name=name, phones=[types.Contact.Phone(phone="+1 646 555 0100", type="WORK")])


def _link(wa: WhatsApp, to: str) -> object:
    return wa.send_message(to, "Come and see", buttons=types.URLButton("Open", "https://a.example"))


def _image_with_buttons(wa: WhatsApp, to: str) -> object:
    buttons = [types.Button("Nice", "nice")]
    return wa.send_image(to, sample("image").content, caption="Our shop", buttons=buttons)


def _document(wa: WhatsApp, to: str) -> object:
    return wa.send_document(to, sample("document").content, filename="menu.pdf", caption="Menu")


SENDS: dict[str, tuple[str, Callable[[WhatsApp, str], object]]] = {
    "text with preview": ("text", lambda wa, to: wa.send_message(to, "https://a.example", preview_url=True)),
    "link button": ("interactive", _link),
    "image with buttons": ("interactive", _image_with_buttons),
    "video": ("video", lambda wa, to: wa.send_video(to, sample("video").content, caption="Look")),
    "document": ("document", _document),
    "audio": ("audio", lambda wa, to: wa.send_audio(to, sample("audio").content, mime_type="audio/ogg")),
    "voice": ("audio", lambda wa, to: wa.send_voice(to, sample("audio").content, mime_type="audio/ogg")),
    "sticker": ("sticker", lambda wa, to: wa.send_sticker(to, sample("sticker").content)),
    "location": ("location", lambda wa, to: wa.send_location(to, 52.5, 13.4, name="Mill", address="1 Mill Lane")),
    "location request": ("interactive", lambda wa, to: wa.request_location(to, "Where are you?")),
    "contact": ("contacts", lambda wa, to: wa.send_contact(to, _contact())),
}


@pytest.mark.parametrize("what", SENDS)
def test_everything_pywa_sends(bot: Bot, ada: User, what: str) -> None:
    """Every kind of message that pywa builds is taken and arrives, to a number as well as to a business-scoped id."""
    kind, send = SENDS[what]
    ada.sends("hi")
    send(bot.wa, ada.wa_id)
    ada.receives(kind)
    send(bot.wa, ada.user_id)
    ada.receives(kind)
    assert bot.hears(types.Message).text == "hi"
    bot.hears_statuses("sent", "delivered", "read", "sent", "delivered", "read")


RECEIVED: dict[str, dict[str, Any]] = {
    "location": {"location": {"latitude": 52.5, "longitude": 13.4, "name": "Mill", "address": "1 Mill Lane"}},
    "contacts": {"contacts": [{"name": {"formatted_name": "Grace", "first_name": "Grace"}, "phones": []}]},
    "order": {
        "order": {
            "catalog_id": "1",
            "text": "Please",
            "product_items": [{"product_retailer_id": "a", "quantity": 2, "item_price": 3.5, "currency": "USD"}],
        }
    },
    "unsupported": {},
}


@pytest.mark.parametrize("kind", RECEIVED)
def test_everything_pywa_receives(bot: Bot, ada: User, kind: str) -> None:
    """Kinds of messages that are not media are understood by pywa's types."""
    ada.sends_message({"type": kind, **RECEIVED[kind]})
    heard = bot.hears(types.Message)
    assert heard.type.value == kind
    assert kind == "unsupported" or getattr(heard, kind)


DOINGS: dict[str, Callable[[User], str]] = {
    "order": lambda ada: ada.sends_order("a", {"product_retailer_id": "b", "quantity": 2}, text="Please"),
    "referral": lambda ada: ada.comes_from_ad(headline="Coffee"),
    "reply_to_message": lambda ada: ada.asks_about("sku-1"),
    "contacts": lambda ada: ada.sends_contact("Grace Hopper", "+1 646 555 0100"),
    "forwarded_many_times": lambda ada: ada.forwards("News", often=True),
    "unsupported": lambda ada: ada.sends_unsupported("poll"),
}


@pytest.mark.parametrize("member", DOINGS)
def test_what_users_do_besides(bot: Bot, ada: User, member: str) -> None:
    """Ads, orders, forwards and the like come with what pywa shows of them."""
    sent = DOINGS[member](ada)
    heard = bot.hears(types.Message)
    assert (heard.id, heard.from_user.name) == (sent, "Ada Lovelace")
    assert getattr(heard, member)


def test_a_whole_conversation(waba: Waba, bot: Bot, ada: User) -> None:
    """A shop's bot that lives in its handlers alone serves a customer from the first word to a reminder a day later."""

    def serve(wa: WhatsApp, update: Update) -> None:
        if isinstance(update, types.Message) and update.text:
            update.mark_as_read()
            update.reply("What can I do for you?", buttons=[types.Button("Order", "order")])
        elif isinstance(update, types.Message) and update.image:
            update.reply_image(update.image.get_bytes(), caption="Nice!", mime_type=update.image.mime_type, quote=True)
        elif isinstance(update, types.CallbackButton):
            rows = [types.SectionRow("Filter", "filter"), types.SectionRow("Cortado", "cortado")]
            update.reply("Which one?", buttons=types.SectionList("Choose", [types.Section("Coffees", rows)]))
        elif isinstance(update, types.CallbackSelection):
            update.reply(f"One {update.title}, thank you {update.from_user.name}!")
        elif isinstance(update, types.MessageStatus) and update.error:
            wa.send_template(update.from_user.wa_id, "hello_world", t.TemplateLanguage.ENGLISH_US)

    bot.answers = serve
    ada.sends("hello")
    ada.receives("interactive", "What can I do for you?")
    ada.taps("Order")
    ada.receives("interactive", "Which one?")
    ada.taps("Cortado")
    ada.receives(text="One Cortado, thank you Ada Lovelace!")
    photo = ada.sends_image(caption="your shop")
    ada.receives("image", "Nice!", reply_to=photo)
    waba.advance(days=2)
    with waba.refuses(131047):
        bot.wa.send_message(ada.wa_id, "Was it good?")
    ada.receives(template="hello_world")
