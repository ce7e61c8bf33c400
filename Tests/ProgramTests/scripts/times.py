"""Clocks and sleeps: only what must hold on any machine."""
import datetime
import os
import select
import threading
import time

previous = time.monotonic_ns()
for _ in range(20000):
    now = time.monotonic_ns()
    assert now >= previous, (now, previous)
    previous = now

for duration in (0, 0.0001, 0.001, 0.02):
    started = time.monotonic()
    time.sleep(duration)
    assert time.monotonic() - started >= duration
print("sleeps are long enough")

started = time.monotonic()
select.select([], [], [], 0.02)
assert time.monotonic() - started >= 0.02
threading.Event().wait(0.02)
assert time.monotonic() - started >= 0.04
print("waits are long enough")

started = time.process_time()
while time.process_time() - started < 0.02:
    pass
print("processor time passes")
assert time.thread_time() > 0
assert abs(time.time() - os.stat("/proc/self").st_mtime) < 1e9
for clock in (time.CLOCK_REALTIME, time.CLOCK_MONOTONIC, time.CLOCK_BOOTTIME, time.CLOCK_MONOTONIC_RAW,
              time.CLOCK_PROCESS_CPUTIME_ID, time.CLOCK_THREAD_CPUTIME_ID):
    assert time.clock_gettime(clock) > 0
    print("resolution", clock, time.clock_getres(clock))
print(time.strftime("%Y-%m-%d", time.gmtime(86400 * 365)), datetime.timedelta(seconds=90061))
print(datetime.datetime.fromtimestamp(0, datetime.timezone.utc).isoformat())
print("year is plausible", datetime.date.today().year >= 2024)
