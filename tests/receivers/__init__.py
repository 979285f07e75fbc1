"""Apps that take webhooks: two that do it right, and many that are wrong in one way each."""

from .bugs import BUGS
from .receiver import Config, Receiver, Served, serve

__all__ = ["BUGS", "Config", "Receiver", "Served", "make", "serve"]


def make(name: str, config: Config) -> Receiver:
    """The receiver of a name: `correct`, or one of `BUGS`."""
    return (Receiver if name == "correct" else BUGS[name].make)(config)
