import Foundation
import TestSupport

/// A server that people run, and how it is run here.
enum TestedServer: String, CaseIterable, Sendable, CustomStringConvertible {
    case memcached, lighttpd, nginx, asyncio, https, go, rust, swift, node, java

    var description: String { rawValue }

    /// Its program in the tree, and those that `make guests` has compiled.
    private static let sources = TestEnvironment.guestExamples + "/servers"
    private static let compiled = TestEnvironment.guests + "/servers"

    /// What is served by those that serve files: more than fits into a socket's buffer at once.
    static let page = (0..<20_000).map { "line \($0)\n" }.joined()

    /// The command that serves on the port, with its files in the directory.
    func command(port: UInt16, in scratch: ScratchDirectory) async throws -> Command {
        var command = try await plainCommand(String(port), scratch)
        command.directory = scratch.path
        command.timeoutSeconds = 240
        return command
    }

    private func plainCommand(_ port: String, _ scratch: ScratchDirectory) async throws -> Command {
        switch self {
        case .memcached:
            return Command("/usr/bin/memcached", ["-u", "root", "-t", "4", "-l", "127.0.0.1", "-p", port])
        case .lighttpd:
            return Command("/usr/sbin/lighttpd", ["-D", "-f", try Self.writeLighttpdFiles(scratch, port)])
        case .nginx:
            return Command("/usr/sbin/nginx", ["-e", "stderr", "-c", try Self.writeNginxFiles(scratch, port)])
        case .asyncio: return Command("/usr/bin/python3", [Self.sources + "/echo.py", port])
        case .https:
            return Command("/usr/bin/python3", [Self.sources + "/https.py", port, try await Self.certificate(scratch)])
        case .go, .rust, .swift: return Command(Self.compiled + "/counter-\(self)", [port])
        case .node: return Command("/usr/bin/node", [Self.sources + "/counter.js", port])
        case .java: return Command("/usr/bin/java", ["-XX:+UseSerialGC", "-cp", Self.compiled, "Counter", port])
        }
    }

    /// How it may end when it is asked to by SIGTERM.
    var endings: [Ending] {
        switch self {
        case .memcached, .nginx: return [.exited(0)]
        // 1 where a client's connection is not closed yet on its side: its main says so.
        case .lighttpd: return [.exited(0), .exited(1)]
        case .java: return [.exited(143)]
        default: return [.signalled(SIGTERM)]
        }
    }

    /// Clients, and by what their answers are judged.
    func load(port: UInt16) -> ServerLoad {
        let plain = HttpClient(port: port, path: "/page")
        switch self {
        case .memcached:
            return ServerLoad(Array(repeating: MemcachedClient(port: port), count: 3), rule: .nextNumber)
        case .asyncio:
            return ServerLoad((0..<3).map { EchoClient(port: port, text: "client \($0)") }, rule: .nextNumber)
        case .https: return ServerLoad([curl(port), curl(port)], rule: .nextNumber)
        case .lighttpd, .nginx: return ServerLoad([plain, plain, curl(port)], rule: .always(Self.page))
        default: return ServerLoad([plain, plain, curl(port)], rule: .nextNumber)
        }
    }

    /// Throws unless the server answers those clients that people use, and still has what it said that it has.
    func requireService(port: UInt16, _ load: ServerLoad) async throws {
        switch self {
        case .memcached: try await MemcachedClient.requireValues(load.numbers, port: port)
        case .asyncio: try await load.ask(EchoClient(port: port, text: "afterwards"))
        case .https: try await load.ask(curl(port))
        default:
            try await load.ask(curl(port))
            try await Self.requireApacheBench(port)
        }
    }

    private func curl(_ port: UInt16) -> CurlClient {
        CurlClient(url: "\(self == .https ? "https" : "http")://127.0.0.1:\(port)/page")
    }

    private static func requireApacheBench(_ port: UInt16) async throws {
        // -l, as numbers are of several lengths.
        let words = ["-q", "-l", "-n", "40", "-c", "4", "http://127.0.0.1:\(port)/page"]
        let outcome = try await Command("/usr/bin/ab", words).run()
        let lines = outcome.outputText.split(separator: "\n").map { $0.filter { $0 != " " } }
        guard outcome.ending == .exited(0), lines.contains("Completerequests:40"), lines.contains("Failedrequests:0"),
            !lines.contains(where: { $0.hasPrefix("Non-2xx") })
        else { throw TestFailure("ab is not content", outcome) }
    }

    // MARK: - Files

    private static func writeLighttpdFiles(_ scratch: ScratchDirectory, _ port: String) throws -> String {
        try scratch.write("page", text: page)
        return try scratch.write(
            "lighttpd.conf",
            text: """
                server.document-root = "\(scratch.path)"
                server.bind = "127.0.0.1"
                server.port = \(port)
                """)
    }

    private static func writeNginxFiles(_ scratch: ScratchDirectory, _ port: String) throws -> String {
        try scratch.write("page", text: page)
        // Its worker is another user's if the tests are root's.
        guard chmod(scratch.path, 0o755) == 0 else { throw TestFailure("cannot chmod \(scratch.path)") }
        let directories = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map {
            "\($0)_temp_path \(scratch.path)/\($0);"
        }
        return try scratch.write(
            "nginx.conf",
            text: """
                daemon off; master_process off; pid \(scratch.path)/pid; error_log stderr;
                events { worker_connections 64; }
                http {
                    access_log off; \(directories.joined(separator: " "))
                    server { listen 127.0.0.1:\(port); root \(scratch.path); }
                }
                """)
    }

    /// A file with a key and a certificate that it has signed itself.
    private static func certificate(_ scratch: ScratchDirectory) async throws -> String {
        let path = scratch.file("certificate.pem")
        let words = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        let outcome = try await Command("/usr/bin/openssl", words + ["-keyout", path, "-out", path + ".public"]).run()
        guard outcome.ending == .exited(0) else { throw TestFailure("no certificate", outcome) }
        try scratch.write(
            "certificate.pem", try scratch.read("certificate.pem") + scratch.read("certificate.pem.public"))
        return path
    }
}
