"""Makes the helper beside these tests importable."""

import sys

from neighbours import load

sys.modules["check_apps"] = load("check/apps")
