"""What all tests have in common."""

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# How long an example takes says more of what else the machine does than of the code; speed is measured elsewhere.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


def _make_importable(name: str) -> None:
    """Registers a package beside this file, without putting the folder, which holds an `http`, on the path."""
    folder = Path(__file__).parent / name
    spec = spec_from_file_location(name, folder / "__init__.py", submodule_search_locations=[str(folder)])
    assert spec is not None
    assert spec.loader is not None
    sys.modules[name] = module = module_from_spec(spec)
    spec.loader.exec_module(module)


_make_importable("receivers")
