"""What programs do with a terminal: ask for its size, read lines and keys, switch the echo off, take ^C and ^D."""
import getpass
import os
import signal
import sys
import termios
import time
import tty

print([os.isatty(number) for number in range(3)], os.ttyname(0) == os.ttyname(1))
print(tuple(os.get_terminal_size()), os.getpgrp() == os.tcgetpgrp(0))
print("hello", input("name: "))
print("password of", len(getpass.getpass("password: ")))
sys.stdout.flush()

try:
    print("interrupt me", flush=True)
    # Not pause(2): the signal may come just before it, and then there is no other.
    while True:
        time.sleep(0.01)
except KeyboardInterrupt:
    print("interrupted")

resized = []
signal.signal(signal.SIGWINCH, lambda number, frame: resized.append(tuple(os.get_terminal_size())))
print("resize me", flush=True)
while not resized:
    time.sleep(0.01)
print("now", resized[-1])

before = termios.tcgetattr(0)
tty.setcbreak(0)
print("quick keys: ", end="", flush=True)
print(os.read(0, 1))
termios.tcsetattr(0, termios.TCSADRAIN, before)
print("lines, please", flush=True)
print(sys.stdin.readlines())
with open("/dev/tty", "w") as file:
    file.write("to the terminal itself\n")
sys.exit(5)
