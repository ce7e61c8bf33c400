"""Closes and overwrites every descriptor there could be; whoever runs the program must not mind."""
import os
import socket

os.closerange(3, 70000)
for number in list(range(3, 100)) + [255, 511, 1000, 1023]:
    os.dup2(0, number)
os.closerange(3, 1024)
reading, writing = os.pipe()
print("lowest", reading, writing)
for number in range(5, 200):
    os.dup2(writing, number)
os.write(150, b"through a duplicate")
print(os.read(reading, 100))
os.closerange(3, 1024)
for number in (100, 1023, 5000, 2**31 - 1):
    try:
        os.close(number)
    except OSError as error:
        print(number, error.errno)
with socket.create_server(("127.0.0.1", 0)) as server:
    with socket.create_connection(server.getsockname()) as client:
        accepted, _ = server.accept()
        client.sendall(b"still working")
        print(accepted.recv(100))
os.close(0)
print("after closing stdin", os.open("/dev/null", os.O_RDONLY))
