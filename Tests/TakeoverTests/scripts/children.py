"""Answers each connection with its pid, its child's, and what has become of that child."""
import os
import socket
import sys
import time

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(16)
# Waited for by their groups.
own = os.fork()
if own == 0:
    while True:
        time.sleep(1000)
leader = os.fork()
if leader == 0:
    while True:
        time.sleep(1000)
os.setpgid(leader, leader)
child = os.fork()
if child == 0:
    os.setpgid(0, 0)
    # With a child of its own, which has nobody to end it either.
    os.fork()
    while True:
        time.sleep(1000)
status = None
while True:
    connection, _ = listener.accept()
    if status is None:
        ended, found = os.waitpid(child, os.WNOHANG)
        status = found if ended else None
        if ended:
            assert os.waitpid(-leader, 0) == (leader, found)
            assert os.waitpid(0, 0) == (own, found)
    try:
        connection.sendall(f"{os.getpid()} {child} {status}\n".encode())
    except OSError:
        pass
    connection.close()
