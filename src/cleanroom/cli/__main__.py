"""`python -m cleanroom.cli`: the command where no script was installed."""

import sys

from cleanroom.cli import main

sys.exit(main())
