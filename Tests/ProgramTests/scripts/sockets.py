"""The many ways to use a socket."""
import array
import os
import socket
import tempfile


def options():
    with socket.socket() as s:
        print("types", s.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) == socket.SOCK_STREAM, s.family.name)
        print("reuse", s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        print("set", s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR) != 0)
        print("nodelay", s.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0)
        s.settimeout(0.01)
        s.bind(("127.0.0.1", 0))
        s.listen()
        try:
            s.accept()
        except TimeoutError:
            print("accept timed out")
        s.setblocking(False)
        try:
            s.accept()
        except BlockingIOError as error:
            print("accept", error.errno)


def pairs():
    a, b = socket.socketpair()
    a.sendall(b"hello world")
    print(b.recv(5, socket.MSG_PEEK), b.recv(100))
    a.shutdown(socket.SHUT_WR)
    print("end of file", b.recv(10))
    b.sendall(b"the other way still works")
    print(a.recv(100))
    b.close()
    try:
        a.settimeout(30)
        print("closed", a.recv(1))
        a.send(b"x")
    except BrokenPipeError:
        print("broken pipe")
    a.close()


def datagrams():
    a, b = socket.socket(type=socket.SOCK_DGRAM), socket.socket(type=socket.SOCK_DGRAM)
    a.bind(("127.0.0.1", 0))
    b.bind(("127.0.0.1", 0))
    for size in (0, 1, 1400, 9000):
        b.sendto(b"d" * size, a.getsockname())
        data, sender = a.recvfrom(65536)
        print("datagram", len(data), sender == b.getsockname())
    a.close()
    b.close()
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "datagrams")
        a, b = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        a.bind(path)
        b.sendto(b"unix", path)
        print(a.recv(10), a.getsockname() == path, b.getsockname())


def descriptors():
    a, b = socket.socketpair()
    reading, writing = os.pipe()
    a.sendmsg([b"with a ", b"pipe"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [writing]))])
    os.close(writing)
    data, ancillary, _, _ = b.recvmsg(100, socket.CMSG_SPACE(4))
    received = array.array("i", ancillary[0][2])[0]
    os.write(received, b"through a passed descriptor")
    os.close(received)
    print(data, os.read(reading, 100), os.read(reading, 100))


def large():
    a, b = socket.socketpair()
    a.setblocking(False)
    sent = 0
    try:
        while True:
            sent += a.send(b"z" * 100_000)
    except BlockingIOError:
        pass
    a.close()
    got = 0
    while data := b.recv(1 << 20):
        got += len(data)
    print("large", sent == got, got > 100_000)


options()
pairs()
datagrams()
descriptors()
large()
print(socket.getaddrinfo("127.0.0.1", 80, type=socket.SOCK_STREAM)[0][4])
print(socket.gethostbyname("localhost"), socket.inet_aton("1.2.3.4"), len(socket.gethostname()) > 0)
