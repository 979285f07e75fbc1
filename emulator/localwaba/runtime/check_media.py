"""Media for the webhooks of checks, which an app can download."""

from __future__ import annotations

from localwaba.domain.events import MessageReceived
from localwaba.domain.media_samples import sample
from localwaba.domain.traits import Traits
from localwaba.operations import users
from localwaba.operations.checks.model import Json
from localwaba.runtime.host import WorldHost
from localwaba.wire.webhooks import value

_MEDIA = ("image", "video", "audio", "document", "sticker")


def make_media(host: WorldHost, traits: Traits) -> dict[str, Json]:
    """A medium of each kind that can be downloaded: its object as in a webhook."""
    made: dict[str, Json] = {}
    for kind in _MEDIA:
        world, now, ids = host.world, host.now(), host.world.ids()
        user, events = users.meet(world, now, "12025550199", lambda _: "Media")
        found = sample(kind)
        writer = host.blobs.writer()
        writer.write(found.content)
        content: Json = {"type": kind, kind: {}}
        media = users.attach(world, ids, now, content, writer.finish(found.mime, found.filename))
        written = users.write(world, ids, now, user, content, media)
        host.commit([*events, *written.events], ids)
        received = next(event for event in written.events if isinstance(event, MessageReceived))
        made[kind] = value(host.world, received, traits)["messages"][0][kind]
    return made
