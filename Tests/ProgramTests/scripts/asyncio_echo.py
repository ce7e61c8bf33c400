"""An echo server and its clients in one event loop, over TCP and over a Unix socket."""
import asyncio
import os
import tempfile

CLIENTS = 12
MESSAGES = 40


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
        await writer.drain()
    writer.close()


async def client(connect, number):
    reader, writer = await connect()
    total = 0
    for message in range(MESSAGES):
        sent = f"client {number} says {message} {'x' * (message * 37 % 5000)}\n".encode()
        writer.write(sent)
        await writer.drain()
        assert await reader.readline() == sent.upper()
        total += len(sent)
    writer.close()
    await writer.wait_closed()
    return total


async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    totals = await asyncio.gather(
        *(client(lambda: asyncio.open_connection("127.0.0.1", port), n) for n in range(CLIENTS)))
    print("tcp", sum(totals))
    server.close()
    await server.wait_closed()

    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "socket")
        server = await asyncio.start_unix_server(echo, path)
        totals = await asyncio.gather(*(client(lambda: asyncio.open_unix_connection(path), n) for n in range(CLIENTS)))
        print("unix", sum(totals))
        server.close()
        await server.wait_closed()


asyncio.run(main())
