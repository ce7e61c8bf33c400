import Glibc
import TestSupport
import Testing

@testable import Transport

@Suite("listeners and connecting")
struct LinkListenerTests {
    private static let second: UInt64 = 1_000_000_000

    @Test("port 0 becomes a real one, which only one can have")
    func ports() throws {
        let listener = try LinkListener(on: Endpoint(parsing: "127.0.0.1:0"))
        #expect(listener.port != 0)
        do {
            _ = try LinkListener(on: Endpoint(parsing: "127.0.0.1:\(listener.port)"))
            Issue.record("two listen on one port")
        } catch {
            #expect(error.errno == EADDRINUSE)
            #expect(error.message.contains("127.0.0.1:\(listener.port)"))
        }
    }

    @Test("an address that is not this machine's cannot be had")
    func foreignAddress() throws {
        #expect(throws: TransportError.self) { try LinkListener(on: Endpoint(parsing: "192.0.2.1:0")) }
    }

    @Test("nobody comes: accept ends in time, or when the listener is closed")
    func acceptEnds() async throws {
        let listener = try LinkListener(on: Endpoint(parsing: "127.0.0.1:0"))
        let took = try await Threads.run {
            try milliseconds {
                let accepted = try listener.accept(timeoutNanoseconds: 50_000_000)
                #expect(accepted == nil)
            }
        }
        #expect(took >= 49 && took < 2000, "\(took) ms")
        async let waiting = Threads.run { (try? listener.accept()) == nil }
        usleep(50_000)
        listener.close()
        #expect(try await waiting)
        #expect(refusal(of: listener.address) == ECONNREFUSED)
    }

    @Test("a port where nobody listens refuses, at every address of the name")
    func refused() throws {
        let port = try FreePort.any()
        do {
            _ = try LinkSocket.connect(
                to: Endpoint(host: "localhost", port: port), timeoutNanoseconds: LinkListenerTests.second)
            Issue.record("somebody answered")
        } catch {
            #expect(error.errno == ECONNREFUSED)
        }
    }

    @Test("a second address is tried when the first refuses")
    func secondAddress() throws {
        let listener = try LinkListener(on: Endpoint(parsing: "127.0.0.1:0"))
        let free = try Endpoint(host: "127.0.0.1", port: FreePort.any()).resolve()
        let socket = try LinkSocket.connect(
            toFirstOf: free + [listener.address], timeoutNanoseconds: LinkListenerTests.second)
        #expect(socket.peerAddress == listener.address)
    }

    @Test("a socket that TCP has connected with itself is a refusal")
    func selfConnection() throws {
        let address = try Endpoint(host: "127.0.0.1", port: FreePort.any()).resolve()[0]
        let descriptor = try OwnedDescriptor(socket: AF_INET, SOCK_STREAM)
        let number = descriptor.number
        #expect(address.withPointer { bind(number, $0, $1) } == 0)
        #expect(address.withPointer { connect(number, $0, $1) } == 0)
        do throws(TransportError) {
            _ = try LinkSocket(adopting: descriptor)
            Issue.record("it is taken for a connection with somebody")
        } catch {
            #expect(error.errno == ECONNREFUSED)
        }
    }

    @Test("port 0 is nobody's to connect to")
    func portZero() throws {
        #expect(throws: TransportError.self) {
            try LinkSocket.connect(to: Endpoint(parsing: "127.0.0.1:0"), timeoutNanoseconds: LinkListenerTests.second)
        }
    }

    @Test("connecting to a listener that does not accept ends in time")
    func fullBacklog() async throws {
        let listener = try silentListener()
        defer { close(listener.descriptor) }
        let (error, took) = try await Threads.run { () throws -> (TransportError?, Double) in
            var held: [LinkSocket] = []
            var failure: TransportError?
            var took = 0.0
            for _ in 0..<8 where failure == nil {
                took = milliseconds {
                    do throws(TransportError) {
                        held.append(
                            try LinkSocket.connect(toFirstOf: [listener.address], timeoutNanoseconds: 100_000_000))
                    } catch {
                        failure = error
                    }
                }
            }
            return (failure, took)
        }
        #expect(error?.isTimeout == true)
        #expect(took >= 99 && took < 2000, "\(took) ms")
    }
}

/// The errno of a connection that must not come about.
private func refusal(of address: SocketAddress) -> Int32 {
    do {
        _ = try LinkSocket.connect(toFirstOf: [address], timeoutNanoseconds: 1_000_000_000)
        return 0
    } catch {
        return error.errno
    }
}

/// A listener whose backlog is full after two connections, on a descriptor of the test's own.
func silentListener() throws -> (descriptor: Int32, address: SocketAddress) {
    let port = try FreePort.any()
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    let bound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
            bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
    }
    guard bound == 0, listen(descriptor, 1) == 0 else { throw TestFailure("cannot listen on \(port)") }
    return (descriptor, try Endpoint(host: "127.0.0.1", port: port).resolve()[0])
}
