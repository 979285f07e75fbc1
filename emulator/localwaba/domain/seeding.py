"""A new world: one business, one account, one number, one app, one token, the sample template."""

from __future__ import annotations

from base64 import urlsafe_b64encode

from msgspec.structs import replace

from localwaba.domain.applying import apply
from localwaba.domain.events import Put
from localwaba.domain.ids import derive, derive_number
from localwaba.domain.model import App, Business, PhoneNumber, Stored, Template, Token, Waba
from localwaba.domain.policy import Policy
from localwaba.domain.world import World

DIGITS = "15550783881"
DISPLAY = "+1 555-078-3881"
VERIFY_TOKEN = "localwaba-verify-token"
VERIFICATION_CODE = "123456"
SCOPES = ("whatsapp_business_management", "whatsapp_business_messaging", "business_management")
_HELLO_WORLD = (
    '[{"type":"HEADER","format":"TEXT","text":"Hello World"},'
    '{"type":"BODY","text":"Welcome and congratulations!! This message demonstrates your ability to send a message '
    'notification from WhatsApp Business Platform’s Cloud API. Thank you for taking the time to test with us."},'
    '{"type":"FOOTER","text":"WhatsApp Business API Team"}]'
).encode()


def new_world(name: str, seed: int, now: int, policy: Policy | None = None) -> World:
    """The world of a seed. Ids depend on the seed alone; secrets on the world's name too, so that no two meet."""
    world = World(
        name=name,
        seed=seed,
        created_at=now,
        policy=policy or Policy(),
        app_id=derive_number(seed, "app"),
        business_id=derive_number(seed, "business"),
        waba_id=derive_number(seed, "waba"),
        phone_number_id=derive_number(seed, "phone_number"),
        catalog_id=derive_number(seed, "catalog"),
        access_token=access_token(seed, name),
    )
    app = _app(world)
    for thing in (*_business(world, app), *_tokens(world, app), _hello_world(world)):
        apply(world, Put(at=now, thing=thing))
    return world


def _business(world: World, app: App) -> tuple[Stored, ...]:
    """The business with its app, its account and its number."""
    namespace = derive(world.seed, "namespace").hex()
    return (
        Business(id=world.business_id, name="Localhost Portfolio"),
        app,
        Waba(
            id=world.waba_id,
            business_id=world.business_id,
            name="Localhost Business",
            namespace="_".join((namespace[:8], namespace[8:12], namespace[12:16], namespace[16:20], namespace[20:])),
            subscribed={world.app_id: None},
        ),
        PhoneNumber(
            id=world.phone_number_id,
            waba_id=world.waba_id,
            digits=DIGITS,
            display=DISPLAY,
            verified_name="Localhost Business",
            onboarded_at=world.created_at,
            pin="123456",
            verification_code=VERIFICATION_CODE,
        ),
    )


def _app(world: World) -> App:
    secret = derive(f"{world.seed}:{world.name}", "app secret").hex()
    return App(id=world.app_id, name="Localhost App", secret=secret, business_id=world.business_id)


def _tokens(world: World, app: App) -> tuple[Token, Token]:
    """What the system user calls with, and the app itself."""
    own = Token(
        id=world.access_token,
        app_id=app.id,
        user_id=derive_number(world.seed, "system user"),
        scopes=SCOPES,
        issued_at=world.created_at,
    )
    return own, app_token(app)


def _hello_world(world: World) -> Template:
    return Template(
        id=derive_number(world.seed, "hello_world"),
        waba_id=world.waba_id,
        name="hello_world",
        language="en_US",
        category="UTILITY",
        status="APPROVED",
        components=_HELLO_WORLD,
        created_at=world.created_at,
        updated_at=world.created_at,
        was_approved=True,
        is_sample=True,
    )


def adopt(world: World, former: World) -> frozenset[str]:
    """Gives a world the name, credentials and address of the one whose place it takes; the tokens it brings along.

    Those stay good, but only where no other world has them: their owner may be alive beside this one.
    """
    world.base_url = former.base_url
    if world.name == former.name:
        return frozenset()
    brought = frozenset(world.tokens)
    app, own = world.apps[world.app_id], world.tokens.get(world.access_token)
    world.name, world.access_token = former.name, former.access_token
    world.apps[app.id] = app = replace(app, secret=former.apps[former.app_id].secret)
    for token in (app_token(app), replace(own, id=former.access_token) if own else None):
        if token is not None:
            world.tokens[token.id] = token
    return brought


def app_token(app: App) -> Token:
    """The token that an app makes of its id and secret by itself; Graph need not have issued it."""
    return Token(id=f"{app.id}|{app.secret}", app_id=app.id, user_id="", kind="APP")


def access_token(seed: int, name: str, purpose: str = "") -> str:
    """A token as Meta's look: `EAA`, letters and digits, `ZD`."""
    raw = b"".join(derive(f"{seed}:{name}", f"token {purpose}{part}", 48) for part in range(3))
    return "EAA" + urlsafe_b64encode(raw).decode().replace("-", "x").replace("_", "Z") + "ZD"
