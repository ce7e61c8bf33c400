"""A redis-server under Understudy, with or without a mirror, and clients for it: what demo and benchmarks share."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time

TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
UNDERSTUDY = os.environ.get("UNDERSTUDY", os.path.join(TOP, ".build/release/understudy"))

# Several clients are threads here: none may keep the others waiting for the default 5 ms.
sys.setswitchinterval(0.0002)


class Failure(Exception):
    """Something is not as it must be; the text says what."""


class Broken(Exception):
    """The connection has ended, or could not be made."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Client:
    """One connection to a redis-server."""

    def __init__(self, port, timeout=30.0):
        try:
            self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        except OSError as error:
            raise Broken(f"connect: {error}") from None
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = b""

    def close(self):
        self.socket.close()

    def call(self, *words):
        return self.pipeline([words])[0]

    def pipeline(self, commands):
        parts = []
        for words in commands:
            parts.append(b"*%d\r\n" % len(words))
            for word in words:
                word = word if isinstance(word, bytes) else str(word).encode()
                parts.append(b"$%d\r\n%s\r\n" % (len(word), word))
        try:
            self.socket.sendall(b"".join(parts))
            return [self._reply() for _ in commands]
        except TimeoutError:
            raise Failure("no reply within the client's patience") from None
        except OSError as error:
            raise Broken(str(error)) from None

    def _fill(self):
        received = self.socket.recv(1 << 16)
        if not received:
            raise Broken("closed by the server")
        self.buffer += received

    def _line(self):
        while b"\r\n" not in self.buffer:
            self._fill()
        line, self.buffer = self.buffer.split(b"\r\n", 1)
        return line

    def _reply(self):
        line = self._line()
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b":":
            return int(rest)
        if kind == b"-":
            raise Failure(f"the server answers with an error: {rest.decode()}")
        if kind == b"$":
            size = int(rest)
            if size < 0:
                return None
            while len(self.buffer) < size + 2:
                self._fill()
            value, self.buffer = self.buffer[:size], self.buffer[size + 2:]
            return value
        if kind == b"*":
            return [self._reply() for _ in range(int(rest))]
        raise Failure(f"not a reply: {line[:80]!r}")


class Server:
    """A redis-server that was started by the words of `prefix`: natively, by `run`, or by `run --mirror local`."""

    PATIENCE_SECONDS = 60

    def __init__(self, scratch, prefix=(), options=()):
        self.port = free_port()
        self.mirror = None
        self.lines = []  # (when, line) of standard error
        self.said = threading.Condition()
        self.log = os.path.join(scratch, f"redis-{self.port}.log")
        self.command = [*prefix, "/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(self.port),
                        "--dir", scratch, "--save", "", "--appendonly", "no", *options]
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                self.command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.PIPE, start_new_session=True)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    @classmethod
    def with_mirror(cls, scratch, run_options=(), options=()):
        return cls(scratch, [UNDERSTUDY, "run", "--mirror", "local", *run_options, "--"], options)

    def _read(self):
        for line in self.process.stderr:
            with self.said:
                self.lines.append((time.monotonic(), line.decode(errors="replace").rstrip("\n")))
                self.said.notify_all()
        with self.said:
            self.lines.append((time.monotonic(), None))
            self.said.notify_all()

    def wait_for(self, pattern, seconds=PATIENCE_SECONDS):
        """When something of that pattern was said on standard error, and the match."""
        deadline = time.monotonic() + seconds
        seen = 0
        with self.said:
            while True:
                while seen < len(self.lines):
                    when, line = self.lines[seen]
                    seen += 1
                    found = re.search(pattern, line) if line is not None else None
                    if found:
                        return when, found
                    if line is None:
                        raise Failure(f"ended without saying '{pattern}'\n{self.last_lines()}")
                if not self.said.wait(deadline - time.monotonic()):
                    raise Failure(f"'{pattern}' was not said within {seconds} s\n{self.last_lines()}")

    def wait_until_protected(self):
        self.mirror = int(self.wait_for(r"^understudy: mirror is process (\d+)")[1].group(1))
        self.wait_for(r"^understudy: protected by ")
        self.wait_until_serving()

    def wait_until_serving(self):
        deadline = time.monotonic() + self.PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise Failure(f"redis-server ended early, status {self.process.returncode}\n{self.last_lines()}")
            try:
                client = Client(self.port)
                client.call("PING")
                return client.close()
            except Broken:
                time.sleep(0.02)
        raise Failure(f"redis-server does not answer on port {self.port}\n{self.last_lines()}")

    def last_lines(self):
        with open(self.log, errors="replace") as log:
            lines = [line.rstrip() for line in log][-8:]
        lines += [line for _, line in self.lines if line is not None][-8:]
        return "\n".join("    " + line[:160] for line in lines)

    def kill_primary(self, number=signal.SIGKILL):
        """Returns when the signal was sent."""
        when = time.monotonic()
        os.kill(self.process.pid, number)
        return when

    def end_by_signal(self):
        """Ends redis in the process that was started; its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(self.PATIENCE_SECONDS)

    def close(self):
        """Whatever still runs of it ends now."""
        for pid in [self.process.pid if self.process.poll() is None else None, self.mirror]:
            if pid is not None:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
        self.process.wait()
        self.reader.join(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def first_reply(port, since, seconds=60.0):
    """Asks on fresh connections until one answers twice: the seconds from `since` to its first answer.

    Twice, because the first could be the dying server's last.
    """
    deadline = since + seconds
    while time.monotonic() < deadline:
        try:
            client = Client(port, seconds)
            client.call("PING")
            when = time.monotonic()
            client.call("PING")
            client.close()
            return when - since
        except Broken:
            continue
    raise Failure(f"no reply within {seconds} s")
