"""Python reads this at every start when its folder is on PYTHONPATH, which `bin/test --at` sees to.

So the test run and every Python process it starts live in the moment asked for, and time goes on from there. Clocks
that only measure (time.monotonic, time.perf_counter) stay as they are, as do those of PostgreSQL, Valkey and Chromium.
"""

import datetime
import os
import time

import time_machine

time_machine.travel(datetime.timedelta(seconds=float(os.environ["CLOCK_SHIFT"]))).start()
# A journey begins when somebody first looks at the clock.
time.time()
