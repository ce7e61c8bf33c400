import CGuestEntry
import Glibc
import GuestMemory
import RecordCoding
import Testing

@testable import GuestKernel

/// The gate with real host descriptors, and no guest: what the other end sees, and when.
@Suite("held output")
struct OutputGateTests {
    private let demand = CheckpointDemand()
    private let gate: OutputGate

    init() {
        gate = OutputGate(demand: demand, clock: GuestClock())
    }

    // MARK: - Streams

    private func connection(bufferByteCount: Int32? = nil) throws -> (file: FileDescription, peer: Int32) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0, &ends) == 0)
        if var bufferByteCount { setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &bufferByteCount, 4) }
        var record = SocketRecord(domain: AF_UNIX, type: SocketType.stream, networkProtocol: 0)
        record.state = .connected
        let file = HostSockets.describe(ends[0], isNonBlocking: true, record)
        gate.adopt(file)
        return (file, ends[1])
    }

    private func outside(_ hostFD: Int32, _ kind: FileDescription.Kind, number: Int32 = 1) -> FileDescription {
        let file = FileDescription(
            kind: kind, hostFD: hostFD, statusFlags: O_WRONLY, record: .outside(OutsideRecord(descriptor: number)))
        gate.adopt(file)
        return file
    }

    private func put(_ text: String, _ file: FileDescription) throws -> Int {
        try put(Array(text.utf8), file)
    }

    private func put(_ bytes: [UInt8], _ file: FileDescription) throws -> Int {
        let hold = try #require(file.hold)
        return hold.put(bytes.count) { place, count in
            bytes.withUnsafeBytes { place.copyMemory(from: $0.baseAddress!, byteCount: count) }
            return count
        }
    }

    private func text(_ hostFD: Int32) -> String? {
        HostObjects.read(hostFD).map { String(decoding: $0, as: UTF8.self) }
    }

    // MARK: - Epochs

    @Test("what is cut into an epoch once more comes with that epoch's commit")
    func cutAgain() throws {
        let (file, peer) = try connection()
        _ = gate.cut(epoch: 1)
        #expect(try put("one", file) == 3)
        _ = gate.cut(epoch: 2)
        // An idle one, whose number stays free.
        _ = gate.cut(epoch: 3)
        #expect(try put(" two", file) == 4)
        _ = gate.cut(epoch: 2)
        #expect(try put(" three", file) == 6)
        _ = gate.cut(epoch: 3)
        gate.commit(epoch: 1)
        #expect(text(peer) == nil)
        gate.commit(epoch: 2)
        #expect(text(peer) == "one two")
        gate.commit(epoch: 3)
        #expect(text(peer) == " three")
    }

    // MARK: - Connections

    @Test("bytes come with their epoch's commit, and not before")
    func commits() throws {
        let (file, peer) = try connection()
        #expect(try put("one", file) == 3)
        #expect(demand.isWanted && gate.oldestUncutNanoseconds != 0)
        #expect(gate.cut(epoch: 1) == [0, 0, 0, 0], "a connection's bytes do not travel")
        #expect(gate.oldestUncutNanoseconds == 0)
        #expect(try put("two", file) == 3)
        #expect(text(peer) == nil)
        gate.commit(epoch: 1)
        #expect(text(peer) == "one")
        _ = gate.cut(epoch: 2)
        _ = gate.cut(epoch: 3)
        gate.commit(epoch: 3)
        #expect(text(peer) == "two")
    }

    @Test("shutdown and close come behind the bytes")
    func ends() throws {
        let (file, peer) = try connection()
        #expect(try put("last", file) == 4)
        #expect(file.hold?.putShutdown(Int32(SHUT_WR)) == true)
        #expect(try put("more", file) == failed(EPIPE))
        _ = gate.cut(epoch: 1)
        #expect(text(peer) == nil)
        gate.commit(epoch: 1)
        #expect(text(peer) == "last")
        #expect(text(peer)?.isEmpty == true)
    }

    @Test("a connection that the guest has closed is closed when that is committed")
    func closes() throws {
        var (file, peer): (FileDescription?, Int32) = try connection()
        #expect(try put("last", file!) == 4)
        _ = gate.cut(epoch: 1)
        file = nil
        gate.commit(epoch: 1)
        #expect(text(peer) == "last")
        #expect(text(peer) == nil, "the end belongs to the next epoch")
        _ = gate.cut(epoch: 2)
        gate.commit(epoch: 2)
        #expect(text(peer)?.isEmpty == true)
    }

    @Test("a socket that nobody is connected to is closed at once")
    func closesListener() throws {
        let hostFD = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var file: FileDescription? = HostSockets.describe(
            hostFD, isNonBlocking: true, SocketRecord(domain: AF_INET, type: SocketType.stream, networkProtocol: 0))
        gate.adopt(file!)
        #expect(file?.hold != nil)
        file = nil
        #expect(fcntl(hostFD, F_GETFD) == -1)
    }

    @Test("a full stream takes no more until half of it is out; epoll says so, edges too")
    func full() throws {
        let (file, peer) = try connection()
        let epollFD = HostObjects.epoll()
        let set = EpollSet(hostFD: epollFD)
        let writable = PackedEpollEvent(events: UInt32(POLLOUT) | EpollSet.edgeFlag, data: 1)
        #expect(set.add(file, 5, writable) == 0)
        #expect(HostObjects.eventCount(epollFD) == 1)
        #expect(try put([UInt8](repeating: 1, count: HeldStream.byteCountMax - 1), file) == HeldStream.byteCountMax - 1)
        #expect(try put("xy", file) == 1)
        #expect(try put("y", file) == failed(EAGAIN))
        #expect(file.isOutputFull && HostObjects.eventCount(epollFD) == 0)
        _ = gate.cut(epoch: 1)
        gate.commit(epoch: 1)
        var read = 0
        while read < HeldStream.byteCountMax {
            // What the host did not take at once is the releaser's.
            if let bytes = HostObjects.read(peer) { read += bytes.count } else { usleep(1000) }
        }
        #expect(!file.isOutputFull && HostObjects.eventCount(epollFD) == 1)
        #expect(set.remove(file, 5) == 0)
    }

    @Test("a full stream that is registered is not writable, and is once it has room")
    func fullBefore() throws {
        let (file, peer) = try connection()
        let epollFD = HostObjects.epoll()
        let set = EpollSet(hostFD: epollFD)
        #expect(try put([UInt8](repeating: 1, count: HeldStream.byteCountMax), file) == HeldStream.byteCountMax)
        let once = PackedEpollEvent(events: UInt32(POLLOUT) | EpollSet.oneShotFlag, data: 1)
        #expect(set.add(file, 5, once) == 0)
        #expect(HostObjects.eventCount(epollFD) == 0)
        close(peer)
        gate.releaseEverything()
        #expect(HostObjects.eventCount(epollFD) == 1)
        #expect(set.remove(file, 5) == 0)
    }

    @Test("what the host does not take at once goes on by itself, in order, and is waited for at the end")
    func slowPeer() throws {
        let (file, peer) = try connection(bufferByteCount: 4096)
        let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ $0 >> 8) }
        #expect(try put(bytes, file) == bytes.count)
        _ = gate.cut(epoch: 1)
        gate.commit(epoch: 1)
        #expect(!gate.drain(timeoutNanoseconds: 5_000_000))
        var read: [UInt8] = []
        while read.count < bytes.count {
            if let more = HostObjects.read(peer, 10_000) { read += more } else { usleep(100) }
        }
        #expect(read == bytes)
        #expect(gate.drain(timeoutNanoseconds: 1_000_000_000))
    }

    @Test("an error at the release is the next write's")
    func errors() throws {
        let (file, peer) = try connection()
        #expect(try put("lost", file) == 4)
        close(peer)
        _ = gate.cut(epoch: 1)
        gate.commit(epoch: 1)
        #expect(try put("x", file) == failed(EPIPE))
        #expect(HeldStream.hostRefusal(file.hostFD, .connection) == failed(EPIPE))
        #expect(gate.drain(timeoutNanoseconds: 0))
    }

    // MARK: - Without a mirror

    @Test("without a mirror all goes out, and then nothing is held")
    func unprotected() throws {
        let (file, peer) = try connection()
        #expect(try put("one", file) == 3)
        _ = gate.cut(epoch: 1)
        #expect(try put("two", file) == 3)
        gate.releaseEverything()
        #expect(text(peer) == "onetwo")
        #expect(try put("three", file) == HeldStream.passesOn)
        #expect(file.hold?.passes == true && file.hold?.putShutdown(1) == false)
    }

    @Test("without a mirror what the host did not take yet stays before what comes")
    func unprotectedSlowPeer() throws {
        let (file, peer) = try connection(bufferByteCount: 4096)
        let bytes = [UInt8](repeating: 1, count: 100_000)
        #expect(try put(bytes, file) == bytes.count)
        gate.releaseEverything()
        #expect(try put("end", file) == 3, "behind what is held")
        var read: [UInt8] = []
        while read.count < bytes.count + 3 {
            if let more = HostObjects.read(peer, 10_000) { read += more } else { usleep(100) }
        }
        #expect(read.suffix(3) == Array("end".utf8))
        #expect(gate.drain(timeoutNanoseconds: 1_000_000_000))
        #expect(try put("x", file) == HeldStream.passesOn)
    }

    @Test("a sealed gate lets nothing out")
    func sealed() throws {
        let (file, peer) = try connection()
        #expect(try put("one", file) == 3)
        _ = gate.cut(epoch: 1)
        gate.seal()
        gate.commit(epoch: 1)
        gate.releaseEverything()
        #expect(text(peer) == nil)
        #expect(!gate.drain(timeoutNanoseconds: 1_000_000_000))
    }

    // MARK: - Outside

    @Test("stdout and stderr of one pipe keep their order, and travel until they are out")
    func sharedPipe() throws {
        let ends = try HostObjects.pipe(flags: O_NONBLOCK)
        let out = outside(ends.writer, .pipe, number: 1)
        let errors = outside(dup(ends.writer), .pipe, number: 2)
        #expect(out.hold === errors.hold)
        for index in 0..<10 { #expect(try put("\(index)", index % 2 == 0 ? out : errors) == 1) }
        var ledger = OutputLedger()
        try ledger.add(gate.cut(epoch: 1))
        #expect(ledger.entries.flatMap(\.record.bytes) == Array("0123456789".utf8))
        #expect(ledger.entries.allSatisfy { $0.stream == out.identity && $0.place == .outside(1) })
        gate.commit(epoch: 1)
        #expect(text(ends.reader) == "0123456789")
        try ledger.markReleased(gate.takeReleased())
        #expect(ledger.isEmpty)
        #expect(gate.takeReleased() == [0, 0, 0, 0], "told once")
    }

    @Test("a pipe's end comes when the last that writes to it is closed, and that is committed")
    func pipeEnd() throws {
        let ends = try HostObjects.pipe(flags: O_NONBLOCK)
        var (out, errors): (FileDescription?, FileDescription?) = (
            outside(ends.writer, .pipe, number: 1), outside(dup(ends.writer), .pipe, number: 2)
        )
        #expect(out?.hold === errors?.hold)
        out = nil
        #expect(try put("after", errors!) == 5)
        errors = nil
        #expect(text(ends.reader) == nil)
        _ = gate.cut(epoch: 1)
        gate.commit(epoch: 1)
        #expect(text(ends.reader) == "after")
        #expect(text(ends.reader)?.isEmpty == true)
    }

    @Test("a file is written by a thread that may wait")
    func file() throws {
        let hostFD = HostObjects.memoryFile()
        let file = outside(hostFD, .regular)
        #expect(try put([UInt8](repeating: 7, count: 200_000), file) == 200_000)
        _ = gate.cut(epoch: 1)
        #expect(lseek(hostFD, 0, SEEK_END) == 0)
        gate.commit(epoch: 1)
        #expect(gate.drain(timeoutNanoseconds: 5_000_000_000))
        #expect(lseek(hostFD, 0, SEEK_END) == 200_000)
    }

    @Test("what is written to an eventfd from outside waits for its commit, to /dev/null not")
    func devices() throws {
        #expect(outside(Int32(hostCall(__NR_eventfd2, 0, 0)), .device).hold?.kind == .fifo)
        #expect(outside(Glibc.open("/dev/null", O_WRONLY), .device).hold == nil)
    }

    @Test("what nobody outside sees is not held")
    func notHeld() throws {
        let ends = try HostObjects.pipe(flags: O_NONBLOCK)
        let inner = FileDescription(
            kind: .pipe, hostFD: ends.writer, statusFlags: O_WRONLY,
            record: .pipe(PipeRecord(pipe: 1, isWriteEnd: true, capacity: 65536)))
        let input = FileDescription(
            kind: .pipe, hostFD: ends.reader, statusFlags: O_RDONLY, record: .outside(OutsideRecord(descriptor: 0)))
        var record = SocketRecord(domain: AF_UNIX, type: SocketType.stream, networkProtocol: 0)
        record.pair = 3
        let pair = HostSockets.describe(socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0), isNonBlocking: true, record)
        for file in [inner, input, pair] {
            gate.adopt(file)
            #expect(file.hold == nil)
        }
    }

    // MARK: - Datagrams

    @Test("datagrams keep their destinations and boundaries")
    func datagrams() throws {
        let receiver = socket(AF_INET, Int32(SOCK_DGRAM.rawValue) | O_NONBLOCK, 0)
        var address = sockaddr_in()
        address.sin_family = UInt16(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = UInt32(MemoryLayout<sockaddr_in>.size)
        let name = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress!.assumingMemoryBound(to: sockaddr.self)
            bind(receiver, pointer, length)
            getsockname(receiver, pointer, &length)
            return Array(bytes)
        }
        let file = HostSockets.describe(
            socket(AF_INET, Int32(SOCK_DGRAM.rawValue), 0), isNonBlocking: true,
            SocketRecord(domain: AF_INET, type: SocketType.datagram, networkProtocol: 0))
        gate.adopt(file)
        let hold = try #require(file.hold)
        for text in ["one", "", "three"] {
            let taken = name.withUnsafeBytes { name in
                hold.putDatagram(to: name, flags: 0, text.utf8.count) { place, count in
                    place.copyMemory(from: Array(text.utf8), byteCount: count)
                    return count
                }
            }
            #expect(taken == text.utf8.count)
        }
        var ledger = OutputLedger()
        try ledger.add(gate.cut(epoch: 1))
        #expect(ledger.entries.map(\.record.address) == [name, name, name])
        #expect(text(receiver) == nil)
        gate.commit(epoch: 1)
        #expect([text(receiver), text(receiver), text(receiver)] == ["one", "", "three"])
        let nobody = UnsafeRawBufferPointer(start: nil, count: 0)
        #expect(DatagramRules.refusal(of: file, hold, to: nobody, byteCount: 1) == EDESTADDRREQ)
        name.withUnsafeBytes { name in
            #expect(DatagramRules.refusal(of: file, hold, to: name, byteCount: 65_508) == EMSGSIZE)
            #expect(DatagramRules.refusal(of: file, hold, to: name, byteCount: 65_507) == nil)
            let short = UnsafeRawBufferPointer(rebasing: name.prefix(8))
            #expect(DatagramRules.refusal(of: file, hold, to: short, byteCount: 1) == EINVAL)
        }
    }
}
