"""Tells the outside everything that it does, in all the ways that there are.

witness.py COUNT UDP-PORT UNIX-PATH TERMINAL FIFO: numbered records, one kind of output after the other. Each has a
value that nobody can foresee, and the value of the one before: whoever did something twice, and said so, would
contradict himself. TCP clients are accepted on the port that standard output says first.
"""

import os
import socket
import sys
import time

count, port, unix_path, terminal_path, fifo_path = int(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:]
listener = socket.create_server(("127.0.0.1", 0))
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.connect(("127.0.0.1", port))
terminal = os.open(terminal_path, os.O_WRONLY | os.O_NOCTTY)
fifo = os.open(fifo_path, os.O_WRONLY)
client = None
stream = None
print("port", listener.getsockname()[1], flush=True)


def put(descriptor, record):
    while record:
        record = record[os.write(descriptor, record):]


def tell_client(record):
    """A takeover ends the connection; who was connected comes again."""
    global client
    while True:
        try:
            if client is None:
                client, _ = listener.accept()
            client.sendall(record)
            return
        except OSError:
            client = None


def tell_neighbour(record):
    global stream
    while True:
        try:
            if stream is None:
                stream = socket.socket(socket.AF_UNIX)
                stream.connect(unix_path)
            stream.sendall(record)
            return
        except OSError:
            stream = None


kinds = [
    ("file", lambda record: put(1, record)),
    ("tcp", tell_client),
    ("udp", datagrams.send),
    ("unix", tell_neighbour),
    ("terminal", lambda record: put(terminal, record)),
    ("fifo", lambda record: put(fifo, record)),
]
before = "0" * 8
for number in range(1, count + 1):
    name, tell = kinds[number % len(kinds)]
    value = os.urandom(4).hex()
    tell(f"<{number} {before} {value}>\n".encode())
    before = value
    time.sleep(0.0005)
for name, tell in kinds:
    tell(b"<end>\n")
