"""VL-CLIP as a data platform: the method in plain Python, orchestrated by Dagster.

The sub-packages hold the method and know nothing of Dagster; ``definitions`` puts the
code location together.
"""

import os

# OpenMP's threads spin while they wait, which on shared cores makes a training crawl. Read when
# torch loads it, so it is said before anything can.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
