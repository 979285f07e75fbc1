"""Makes the helper beside these tests importable."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

spec = spec_from_file_location("check_apps", Path(__file__).parent / "apps.py")
assert spec is not None
assert spec.loader is not None
sys.modules["check_apps"] = module = module_from_spec(spec)
spec.loader.exec_module(module)
