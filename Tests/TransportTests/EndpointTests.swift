import Testing
import Transport

@Suite("HOST:PORT")
struct EndpointTests {
    @Test(
        "is taken apart",
        arguments: [
            ("127.0.0.1:0", "127.0.0.1", 0), ("localhost:7000", "localhost", 7000), ("[::1]:7000", "::1", 7000),
            ("a.b-c.example:65535", "a.b-c.example", 65535), ("[fe80::1%eth0]:1", "fe80::1%eth0", 1),
            ("h:00080", "h", 80),
        ] as [(String, String, UInt16)])
    func wellFormed(text: String, host: String, port: UInt16) throws {
        let endpoint = try Endpoint(parsing: text)
        #expect(endpoint.host == host)
        #expect(endpoint.port == port)
        #expect(try Endpoint(parsing: "\(endpoint)") == endpoint)
    }

    @Test(
        "that is wrong says what is wrong",
        arguments: [
            ("", "no port"), ("host", "no port"), (":7000", "host is missing"), ("host:", "port is missing"),
            ("host:65536", "0 to 65535"), ("host:-1", "0 to 65535"), ("host:+1", "0 to 65535"),
            ("host:1x", "0 to 65535"), ("host: 1", "0 to 65535"), ("host:000001", "0 to 65535"),
            ("host:\u{661}", "0 to 65535"), ("::1:7000", "more than one colon"), ("a:1:2", "more than one colon"),
            ("[::1]", "no port after the bracket"), ("[::1]7000", "no port after the bracket"),
            ("[::1", "not closed"), ("[]:1", "only an IPv6 address"), ("[localhost]:1", "only an IPv6 address"),
            ("[::1]:", "port is missing"), ("ho st:1", "character"), ("h\u{0}:1", "character"),
            ("h\u{e9}:1", "character"), ("h]:1", "character"),
            (String(repeating: "a", count: 254) + ":1", "254 bytes"),
        ])
    func malformed(text: String, reason: String) throws {
        do {
            let endpoint = try Endpoint(parsing: text)
            Issue.record("\(endpoint) came of it")
        } catch {
            #expect(error.message.contains(reason), "\(error.message)")
            #expect(error.errno == 0)
        }
    }

    @Test(
        "is loopback, or open to others",
        arguments: [
            ("127.0.0.1:1", true), ("127.9.9.9:1", true), ("[::1]:1", true), ("[::ffff:127.0.0.1]:1", true),
            ("localhost:1", true), ("0.0.0.0:1", false), ("[::]:1", false), ("10.0.0.1:1", false),
            ("128.0.0.1:1", false), ("[::ffff:10.0.0.1]:1", false), ("[::7f00:1]:1", false), ("[fe80::1]:1", false),
        ])
    func loopback(text: String, isLoopback: Bool) throws {
        #expect(try Endpoint(parsing: text).isLoopback() == isLoopback)
    }

    @Test("that no name server knows says so, by its name")
    func unknownName() throws {
        let endpoint = try Endpoint(parsing: "no-such-host.invalid:1")
        do {
            let addresses = try endpoint.resolve()
            Issue.record("\(addresses) came of it")
        } catch {
            #expect(error.message.contains("no-such-host.invalid"))
        }
    }

    @Test("gives addresses that read as they were written")
    func addresses() throws {
        #expect(try Endpoint(parsing: "127.0.0.1:7000").resolve().map(\.description) == ["127.0.0.1:7000"])
        let six = try Endpoint(parsing: "[::1]:7000").resolve()
        #expect(six.map(\.description) == ["[::1]:7000"])
        #expect(six[0].with(port: 9).description == "[::1]:9")
        #expect(six[0].with(port: 9).port == 9)
    }
}
