"""`python -m imsreg` is the command `imsreg`."""

import sys

from imsreg.cli import main

sys.exit(main())
