"""Runs a program on a terminal of its own, talks to it as somebody at the keyboard would, and prints what is on the
screen in the end.

    on_terminal.py PROGRAM [ARGUMENT...]      the program is terminal_guest.py, natively or as a guest
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

DIALOGUE = [
    ("name: ", b"somebody\n"),
    ("password: ", b"secret\n"),
    ("interrupt me\r\n", b"\x03"),
    ("resize me\r\n", None),
    ("quick keys: ", b"q"),
    ("lines, please\r\n", b"one\ntwo\n\x04"),
]


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


child, terminal = pty.fork()
if child == 0:
    # The size is set before the program asks for it.
    while os.get_terminal_size(0).columns != 100:
        time.sleep(0.001)
    os.execv(sys.argv[1], sys.argv[1:])
resize(terminal, 40, 100)

screen = ""
position = 0
deadline = time.monotonic() + 90


def read_more():
    global screen
    if not select.select([terminal], [], [], max(0, deadline - time.monotonic()))[0]:
        print(screen)
        os.kill(child, signal.SIGKILL)
        sys.exit("nothing more came")
    try:
        data = os.read(terminal, 4096)
    except OSError:
        return False
    screen += data.decode()
    return bool(data)


for expected, answer in DIALOGUE:
    while expected not in screen[position:]:
        if not read_more():
            print(screen)
            sys.exit(f"ended before {expected!r}")
    position = screen.index(expected, position) + len(expected)
    if answer is None:
        resize(terminal, 24, 80)
    else:
        os.write(terminal, answer)
while read_more():
    pass
status = os.waitpid(child, 0)[1]
print(screen.replace("\r\n", "\n"))
print("status", os.waitstatus_to_exitcode(status))
