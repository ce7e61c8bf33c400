"""Answers each connection with its pid, its child's, and what has become of that child."""
import os
import socket
import sys
import time

listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("127.0.0.1", int(sys.argv[1])))
listener.listen(16)
child = os.fork()
if child == 0:
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
    try:
        connection.sendall(f"{os.getpid()} {child} {status}\n".encode())
    except OSError:
        pass
    connection.close()
