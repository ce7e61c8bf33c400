"""An HTTPS server on 127.0.0.1:PORT, a thread for each connection, with the certificate in FILE. Each answer is the
next number, which sqlite3 has in memory."""
import http.server
import sqlite3
import ssl
import sys
import threading

database = sqlite3.connect(":memory:", check_same_thread=False)
database.execute("create table visits (number integer primary key, path text)")
lock = threading.Lock()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        with lock:
            number = database.execute("insert into visits (path) values (?)", (self.path,)).lastrowid
            database.commit()
        body = b"%d\n" % number
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request, client_address):
        """A client that goes away, or speaks no TLS, is no concern of the others."""


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2])
server = Server(("127.0.0.1", int(sys.argv[1])), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
server.serve_forever()
