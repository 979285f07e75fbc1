"""The shapes of the field `messages`, under older names of `localwaba_contracts.webhooks`."""

from localwaba_contracts.webhooks import NAMES as PLACEHOLDERS
from localwaba_contracts.webhooks import Variant as Sample
from localwaba_contracts.webhooks import variants as samples

__all__ = ["PLACEHOLDERS", "Sample", "samples"]
