"""`python -m cli`: what the script `lifeboat` runs."""

import sys

from cli.app import main

sys.exit(main())
