"""How many examples a law of the trust boundary is tried on: few in every run, many with CLEANROOM_LAWS=thorough."""

import os

from hypothesis import HealthCheck, settings

EXAMPLES = {"": 60, "thorough": 3000}[os.environ.get("CLEANROOM_LAWS", "")]
LAW = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
LONG_LAW = settings(LAW, max_examples=EXAMPLES // 10, stateful_step_count=10)
