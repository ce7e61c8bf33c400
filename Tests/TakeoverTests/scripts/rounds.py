#!/usr/bin/python3
"""A guest that writes to many pages, says so, and rests; each time it looks first whether they are as it left them."""
import sys
import time

PAGES = 2500
STEP = 4096

memory = bytearray(PAGES * STEP)
number = 0
while True:
    expected = number.to_bytes(4, "little")
    for start in range(0, PAGES * STEP, STEP):
        if memory[start : start + 4] != expected:
            found = int.from_bytes(memory[start : start + 4], "little")
            print(f"page {start // STEP} has {found}, not {number}", flush=True)
            sys.exit(1)
    number += 1
    written = number.to_bytes(4, "little")
    for start in range(0, PAGES * STEP, STEP):
        memory[start : start + 4] = written
    print(f"round {number}", flush=True)
    time.sleep(0.01)
