"""What all tests have in common."""

from hypothesis import HealthCheck, settings

pytest_plugins = ["pytester"]

# How long an example takes says more of what else the machine does than of the code; speed is measured elsewhere.
settings.register_profile("steady", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")
