import Foundation
import TestSupport
import Testing

/// Commands that talk to a server, which runs beside them untraced.
@Suite("clients' traces compared with strace's", .startsGuests)
struct TraceServerTests {
    @Test("redis-cli")
    func redis() async throws {
        let port = try FreePort.any()
        let server = Command("/usr/bin/redis-server", ["--port", "\(port)", "--save", "", "--dir", "/tmp"])
        try await server.running { server in
            try await server.waitForOutput("Ready to accept connections")
            // jemalloc aligns what it maps: how much it unmaps depends on the address.
            for line in ["PING", "SET key value", "GET key"] {
                let options = ["-e", "trace=!mmap,munmap"]
                #expect(try await TraceCase("redis-cli -p \(port) \(line)", options: options).compare() > 50)
            }
        }
    }

    @Test("curl, traced where it uses the network and files")
    func curl() async throws {
        let port = try FreePort.any()
        try await ScratchDirectory.with { scratch in
            try scratch.write("page", text: String(repeating: "text\n", count: 1000))
            var server = Command("/usr/bin/python3", ["-u", "-m", "http.server", "--bind", "127.0.0.1", "\(port)"])
            server.directory = scratch.path
            try await server.running { server in
                try await server.waitForOutput("Serving HTTP")
                // How much of an answer is there when curl looks is chance.
                let options = ["-e", "trace=socket,connect,sendto,setsockopt,getsockopt,getsockname,getpeername,%file"]
                let line = "curl -s -S -o made http://127.0.0.1:\(port)/page"
                #expect(try await TraceCase(line, options: options).compare() > 50)
            }
        }
    }

    @Test("python3 with sockets and threads of its own")
    func python() async throws {
        let script = """
            import socket, threading, time
            server = socket.create_server(("127.0.0.1", 0))
            client = socket.create_connection(server.getsockname())
            peer, address = server.accept()
            thread = threading.Thread(target=lambda: peer.sendall(peer.recv(100).upper()))
            thread.start()
            client.sendall(b"hello")
            thread.join()
            print(client.recv(100))
            # Until the thread has gone: Python does not wait for the last of it.
            time.sleep(0.1)
            """
        // Which of two threads needs more memory first is chance.
        let traced = TraceCase("python3 -c '\(script)'", options: ["-e", "trace=!futex,%memory"])
        #expect(try await traced.compare() > 100)
    }
}
