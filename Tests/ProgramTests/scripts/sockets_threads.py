"""A server with a thread for each connection, its clients in threads too."""
import socket
import socketserver
import threading

CLIENTS = 8


class Handler(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            self.wfile.write(b"%d\n" % sum(int(word) for word in line.split()))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


results = {}


def client(port, number):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        file = connection.makefile("rwb")
        total = 0
        for round_number in range(30):
            file.write(" ".join(str(number * i) for i in range(round_number)).encode() + b"\n")
            file.flush()
            total += int(file.readline())
        results[number] = total


with Server(("127.0.0.1", 0), Handler) as server:
    threading.Thread(target=server.serve_forever, daemon=True).start()
    clients = [threading.Thread(target=client, args=(server.server_address[1], n)) for n in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    server.shutdown()
print(sorted(results.items()))

# A connection to a port that nobody listens on any more.
try:
    socket.create_connection(server.server_address, timeout=30)
except ConnectionRefusedError:
    print("refused")
