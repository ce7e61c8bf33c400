"""An asyncio server on 127.0.0.1:PORT that answers each line with the next number and the line."""
import asyncio
import sys

next_number = 0


async def serve(reader, writer):
    global next_number
    try:
        while line := await reader.readline():
            await asyncio.sleep(0.0005)
            next_number += 1
            writer.write(b"%d %s" % (next_number, line))
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", int(sys.argv[1]))
    async with server:
        await server.serve_forever()


asyncio.run(main())
