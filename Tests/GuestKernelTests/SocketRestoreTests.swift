import CGuestEntry
import Glibc
import RecordCoding
import TestSupport
import Testing
import Volumes

@testable import GuestKernel

private let stream: Int32 = 1
private let datagram: Int32 = 2

@Suite("sockets go through a checkpoint", .serialized)
struct SocketRestoreTests {
    private static func address(_ port: UInt16) -> [UInt8] {
        [UInt8(AF_INET), 0, UInt8(port >> 8), UInt8(port & 0xff), 127, 0, 0, 1] + [UInt8](repeating: 0, count: 8)
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32, _ hostFD: Int32, _ address: [UInt8]
    ) -> Int32 {
        address.withUnsafeBytes {
            function(hostFD, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self), UInt32($0.count))
        }
    }

    private static func makeSocket(_ domain: Int32, _ type: Int32) -> Int32 {
        socket(domain, type | O_NONBLOCK | O_CLOEXEC, 0)
    }

    private static func isListening(_ port: UInt16) -> Bool {
        let hostFD = socket(AF_INET, stream, 0)
        defer { close(hostFD) }
        return call(connect, hostFD, address(port)) == 0
    }

    private static func addListener(_ fixture: KernelFixture, _ port: UInt16) throws -> FileDescription {
        let hostFD = makeSocket(AF_INET, stream)
        var one: Int32 = 1
        setsockopt(hostFD, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        try #require(call(bind, hostFD, address(port)) == 0 && listen(hostFD, 5) == 0, "errno \(errno)")
        return try fixture.addSocket(hostFD, domain: AF_INET, type: stream) { socket in
            socket.state = .listening
            socket.localAddress = address(port)
            socket.backlog = 5
            socket.options = [SocketRecord.Option(level: 6, name: TCP_NODELAY, value: [1, 0, 0, 0])]
        }
    }

    // MARK: - Listeners

    @Test("a listener listens again, with its options")
    func listener() throws {
        let port = try FreePort.any()
        let old = try KernelFixture()
        _ = try Self.addListener(old, port)
        let new = try old.takenOver()
        #expect(Self.isListening(port))
        #expect(try HostObjects.events(new.host(0)) == POLLIN)
        #expect(try Self.option(new.host(0), 6, TCP_NODELAY) == 1)
        #expect(new.reports.isEmpty)
    }

    @Test("a listener that was handed over keeps who has called")
    func handedListener() throws {
        let port = try FreePort.any()
        let old = try KernelFixture()
        let listener = try Self.addListener(old, port)
        let records = old.capture()
        let wanted = HandedDescriptors.wanted(old.kernel)
        #expect(wanted.map(\.identity) == [listener.identity])
        let received = dup(listener.hostFD)
        #expect(Self.isListening(port))
        let new = try KernelFixture.restored(from: records, handed: [listener.identity: received])
        #expect(try new.host(0) == received)
        #expect(try accept(new.host(0), nil, nil) >= 0)
    }

    @Test("a listener whose port is taken is quiet, and listens once the port is free")
    func takenPort() async throws {
        let port = try FreePort.any()
        let old = try KernelFixture()
        _ = try Self.addListener(old, port)
        let records = old.capture()
        let new = try KernelFixture.restored(from: records)
        #expect(new.reports == ["port \(port) is taken; trying again"])
        #expect(try HostObjects.events(new.host(0)) == 0)
        try await Task.sleep(for: .milliseconds(120))
        #expect(try HostObjects.events(new.host(0)) == 0)
        old.die()
        let start = ContinuousClock.now
        while new.reports.count < 2, start.duration(to: .now) < .seconds(5) {
            try await Task.sleep(for: .milliseconds(5))
        }
        #expect(new.reports.last == "port \(port) is the guest's now")
        #expect(Self.isListening(port))
        #expect(try accept(new.host(0), nil, nil) >= 0)
    }

    @Test("a listener that got its port, but could not listen on it yet, does so later")
    func boundButTaken() throws {
        let port = try FreePort.any()
        let fixture = try KernelFixture()
        var record = SocketRecord(domain: AF_INET, type: stream, networkProtocol: 0)
        record.state = .listening
        record.localAddress = Self.address(port)
        record.backlog = 5
        let binding = SocketBinding(kernel: fixture.kernel, socket: record)
        let (other, own) = (Self.makeSocket(AF_INET, stream), Self.makeSocket(AF_INET, stream))
        for hostFD in [other, own] {
            SocketOptions.allowReuse(hostFD)
            #expect(Self.call(bind, hostFD, Self.address(port)) == 0)
        }
        #expect(listen(other, 1) == 0)
        #expect(binding.apply(to: own) == -Int(EADDRINUSE))
        binding.keepQuiet(own)
        #expect(binding.applyAgain(to: own) == -Int(EADDRINUSE))
        close(other)
        #expect(binding.applyAgain(to: own) == 0)
        #expect(Self.isListening(port))
        #expect(accept(own, nil, nil) >= 0)
        close(own)
    }

    @Test("a Unix listener takes the place of what is left of it, with its permissions")
    func unixListener() async throws {
        try await ScratchDirectory.with { scratch in
            let path = scratch.file("socket")
            let address = [UInt8(AF_UNIX), 0] + Array(path.utf8) + [0]
            let old = try KernelFixture()
            let hostFD = Self.makeSocket(AF_UNIX, stream)
            try #require(Self.call(bind, hostFD, address) == 0 && listen(hostFD, 5) == 0)
            chmod(path, 0o600)
            _ = try old.addSocket(hostFD, domain: AF_UNIX, type: stream) { socket in
                socket.state = .listening
                socket.localAddress = address
                socket.backlog = 5
            }
            let new = try old.takenOver()
            let caller = socket(AF_UNIX, stream, 0)
            #expect(Self.call(connect, caller, address) == 0)
            #expect(try accept(new.host(0), nil, nil) >= 0)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            #expect(new.reports.isEmpty)
        }
    }

    @Test("a Unix listener is had in a volume that lies deeper than an address can say")
    func deepUnixListener() async throws {
        try await ScratchDirectory.with { scratch in
            let deep = scratch.file(String(repeating: "d", count: 120))
            try #require(mkdir(deep, 0o700) == 0)
            let volume = VolumePlace(guestPath: scratch.file("volume"), hostPath: deep)
            let old = try KernelFixture()
            _ = try old.addSocket(Self.makeSocket(AF_UNIX, stream), domain: AF_UNIX, type: stream) { socket in
                socket.state = .listening
                socket.localAddress = [UInt8(AF_UNIX), 0] + Array(scratch.file("volume/socket").utf8) + [0]
                socket.backlog = 5
            }
            let records = old.capture()
            old.die()
            let new = try KernelFixture.restored(from: records, volumes: [volume])
            #expect(new.reports.isEmpty)
            let directory = open(deep, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
            let caller = socket(AF_UNIX, stream, 0)
            let path = "/proc/self/fd/\(directory)/socket"
            #expect(Self.call(connect, caller, [UInt8(AF_UNIX), 0] + Array(path.utf8) + [0]) == 0)
            #expect(try accept(new.host(0), nil, nil) >= 0)
        }
    }

    // MARK: - Others

    @Test("a datagram socket has its name and its peer")
    func datagrams() throws {
        let (port, peerPort) = (try FreePort.any(), try FreePort.any())
        let old = try KernelFixture()
        let hostFD = Self.makeSocket(AF_INET, datagram)
        try #require(Self.call(bind, hostFD, Self.address(port)) == 0)
        _ = try old.addSocket(hostFD, domain: AF_INET, type: datagram) { socket in
            socket.state = .connected
            socket.localAddress = Self.address(port)
            socket.peerAddress = Self.address(peerPort)
        }
        let new = try old.takenOver()
        #expect(try HostSockets.name(__NR_getsockname, new.host(0)) == Self.address(port))
        #expect(try HostSockets.name(__NR_getpeername, new.host(0)) == Self.address(peerPort))
    }

    @Test("a connection is reset once and then over", arguments: [AF_INET, AF_INET6, AF_UNIX])
    func connection(_ domain: Int32) throws {
        let old = try KernelFixture()
        for state in [SocketRecord.State.connected, .connecting] {
            _ = try old.addSocket(Self.makeSocket(domain, stream), domain: domain, type: stream) { $0.state = state }
        }
        let new = try old.takenOver()
        for descriptor in 0...1 {
            let hostFD = try new.host(descriptor)
            #expect(HostObjects.events(hostFD) & (POLLIN | POLLERR | POLLHUP) == POLLIN | POLLERR | POLLHUP)
            #expect(HostObjects.read(hostFD) == nil && errno == ECONNRESET)
            #expect(HostObjects.read(hostFD) == [])
            #expect(send(hostFD, [1], 1, MessageFlag.noSignal) == -1 && errno == EPIPE)
            #expect(fcntl(hostFD, F_GETFL) & O_NONBLOCK != 0)
        }
    }

    @Test("a socket that was never connected can be")
    func unconnected() throws {
        let port = try FreePort.any()
        let old = try KernelFixture()
        _ = try old.addSocket(Self.makeSocket(AF_INET, stream), domain: AF_INET, type: stream)
        _ = try Self.addListener(old, port)
        let records = old.capture()
        let new = try KernelFixture.restored(from: records)
        let result = Self.call(connect, try new.host(0), Self.address(port))
        #expect(result == 0 || errno == EINPROGRESS)
        #expect(try HostObjects.events(new.host(0)) == POLLOUT)
    }

    private static func option(_ hostFD: Int32, _ level: Int32, _ name: Int32) -> Int32 {
        var value: Int32 = 0
        var length: socklen_t = 4
        getsockopt(hostFD, level, name, &value, &length)
        return value
    }
}
