"""The outside of a guest that is killed somewhere: starts witness.py, notes all that is seen, and says whether it is
the history of one uninterrupted run.

observer.py DIRECTORY COUNT UNDERSTUDY [WORD...]: ends with 0 where it is. The rules are those of docs/output-commit.md.
"""

import os
import pty
import re
import socket
import subprocess
import sys
import termios
import threading
import time
import tty

directory, count, *words = sys.argv[1], int(sys.argv[2]), *sys.argv[3:]
KINDS = ["file", "tcp", "udp", "unix", "terminal", "fifo"]
PATIENCE_SECONDS = 60
seen = {kind: [] for kind in KINDS}  # each: one run of bytes a connection, or all of them
is_over = threading.Event()


values = {0: "0" * 8}  # of every record that was seen, by its number


def expected(kind):
    """What should be seen of a kind: the numbers of its records, and that it is over."""
    return [number for number in range(1, count + 1) if KINDS[number % len(KINDS)] == kind] + ["end"]


def read_all(read, kind):
    run = bytearray()
    seen[kind].append(run)
    while True:
        try:
            piece = read()
        except OSError:
            return
        if not piece:
            return
        run += piece


def start(body, *arguments):
    thread = threading.Thread(target=body, args=arguments, daemon=True)
    thread.start()
    return thread


def hear_datagrams(receiver):
    receiver.settimeout(0.2)
    while not is_over.is_set():
        try:
            seen["udp"].append(bytearray(receiver.recv(100)))
        except TimeoutError:
            pass


def hear_neighbour(listener):
    while True:
        connection, _ = listener.accept()
        start(read_all, lambda: connection.recv(4096), "unix")


def be_client(port):
    while not is_over.is_set():
        try:
            connection = socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.001)
            continue
        read_all(lambda: connection.recv(4096), "tcp")


def records(run, kind):
    """The numbers of whole records; a torn one stands before its repetition, or at the end."""
    found = []
    for match in re.finditer(rb"<([^<>]*)>(?=\r?\n)", bytes(run)):
        words = match.group(1).decode().split()
        if words == ["end"]:
            found.append("end")
            continue
        number = int(words[0])
        note(number - 1, words[1], kind)
        note(number, words[2], kind)
        found.append(number)
    return found


def note(number, value, kind):
    """Whoever says it, and how often: a record has one value."""
    if values.setdefault(number, value) != value:
        fail(f"{kind}: record {number} is {value}, and was {values[number]} before")


def fail(words):
    print(words)
    for kind in KINDS:
        print(kind, [bytes(run)[-200:] for run in seen[kind]])
    sys.exit(1)


def check(kind):
    wanted = expected(kind)
    runs = [records(run, kind) for run in seen[kind]]
    if kind == "file":
        torn = re.sub(rb"<[^<>]*>\n", b"", b"".join(map(bytes, seen[kind])))
        if sum(runs, []) != wanted or torn:
            fail("the file has not each record exactly once")
        return
    last = -1
    for run in runs:
        before = last
        for record in run:
            if record not in wanted:
                fail(f"{kind}: record {record} is of another history")
            place = wanted.index(record)
            if kind in ("tcp", "unix"):
                # What an ended connection has lost is in the mirror; what it has told is not taken back.
                if place <= last:
                    fail(f"{kind}: record {record} comes again, or too late")
                if last != before and place != last + 1:
                    fail(f"{kind}: something is missing before record {record}, on one connection")
            elif place > last + 1:
                fail(f"{kind}: something is missing before record {record}")
            last = max(last, place)
    if last != len(wanted) - 1:
        fail(f"{kind}: its end was not seen")


receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
neighbour = socket.socket(socket.AF_UNIX)
neighbour.bind(directory + "/neighbour")
neighbour.listen()
terminal, other_end = pty.openpty()
tty.setraw(other_end, termios.TCSANOW)
os.mkfifo(directory + "/fifo")
fifo = os.open(directory + "/fifo", os.O_RDWR)
start(hear_datagrams, receiver)
start(hear_neighbour, neighbour)
start(read_all, lambda: os.read(terminal, 4096), "terminal")
start(read_all, lambda: os.read(fifo, 4096), "fifo")
witness = os.path.join(os.path.dirname(__file__), "witness.py")
output = open(directory + "/output", "wb")
command = words + ["--", "/usr/bin/python3", witness, str(count), str(receiver.getsockname()[1]),
                   directory + "/neighbour", os.ttyname(other_end), directory + "/fifo"]
started = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.PIPE)
watchdog = threading.Timer(PATIENCE_SECONDS, lambda: os._exit(print("the guest does not end", seen, flush=True) or 1))
watchdog.daemon = True
watchdog.start()
path = directory + "/output"
while b"\n" not in open(path, "rb").read():
    if started.poll() is not None and started.returncode not in (0, -9):
        fail(f"not started: {started.stderr.read().decode()}")
    time.sleep(0.001)
first, _ = open(path, "rb").read().split(b"\n", 1)
start(be_client, int(first.split()[1]))
# The mirror keeps it open until it has ended as well.
said = started.stderr.read().decode()
ended = started.wait()
time.sleep(0.3)
is_over.set()
seen["file"] = [bytearray(open(path, "rb").read().split(b"\n", 1)[1])]
for kind in KINDS:
    check(kind)
if "took over" not in said and ended != 0:
    fail(f"ended by {ended}, and nobody took over: {said}")
print("killed" if ended == -9 else "not killed", "took over" in said)
