import Glibc
import GuestMemory
import RecordCoding
import TestSupport
import Testing

@testable import GuestKernel

private let stream: Int32 = 1
private let datagram: Int32 = 2
private let packets: Int32 = 5

@Suite("objects go through a checkpoint", .serialized)
struct ObjectRestoreTests {
    // MARK: - The table

    @Test("numbers, shared descriptions, close-on-exec and the limit stay")
    func table() throws {
        let old = try KernelFixture()
        let file = try old.add(
            .device, open("/dev/null", O_RDWR), .file(FileRecord(path: Array("/dev/null".utf8), flags: O_RDWR)))
        try old.add(file, at: 17)
        old.kernel.files.setClosesOnExec(17, true)
        old.kernel.files.setLimit(300)
        let identity = file.identity
        let new = try old.takenOver()
        #expect(try new.file(0) === new.file(17))
        #expect(try new.file(0).identity == identity)
        #expect(new.kernel.files.closesOnExec(0) == false)
        #expect(new.kernel.files.closesOnExec(17) == true)
        #expect(new.kernel.files.limit == 300)
        #expect(FileDescription.nextIdentity() > identity)
        // The lowest free number is found again.
        #expect(new.kernel.files.add(try new.file(0), closesOnExec: false) == 1)
    }

    // MARK: - Files

    @Test("a file goes on where it was, without being made or emptied again")
    func regularFile() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("log", Array("hello world".utf8))
            let old = try KernelFixture()
            let flags = O_RDWR | O_CREAT | O_TRUNC | O_APPEND
            let hostFD = open(path, O_RDWR | O_APPEND)
            try old.add(
                .regular, hostFD, .file(FileRecord(path: Array(path.utf8), flags: flags)),
                flags: O_RDWR | O_APPEND | OpenCalls.largeFile)
            #expect(HostObjects.read(hostFD, 6) == Array("hello ".utf8))
            let new = try old.takenOver()
            #expect(try HostObjects.read(new.host(0), 100) == Array("world".utf8))
            #expect(try HostObjects.write(new.host(0), Array("!".utf8)) == 1)
            #expect(try fcntl(new.host(0), F_GETFL) & O_APPEND != 0)
            #expect(try scratch.read("log") == Array("hello world!".utf8))
        }
    }

    @Test("a file that is gone fails when it is used, and the report says so once")
    func missingFile() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("gone", [1])
            let old = try KernelFixture()
            let record = ObjectRecord.file(FileRecord(path: Array(path.utf8), flags: O_RDWR))
            for _ in 0..<2 { try old.add(.regular, open(path, O_RDWR), record) }
            unlink(path)
            let new = try old.takenOver()
            #expect(try new.file(0).kind == .lost)
            #expect(try HostObjects.events(new.host(1)) & POLLHUP != 0)
            #expect(new.reports.count == 1)
            #expect(new.reports.first?.contains(path) == true)
        }
    }

    @Test("a removed file is handed over, with its place")
    func handedFile() throws {
        let old = try KernelFixture()
        let memory = HostObjects.memoryFile()
        #expect(HostObjects.write(memory, [1, 2, 3, 4]) == 4)
        let record = FileRecord(path: Array("/tmp/x (deleted)".utf8), flags: O_RDWR)
        try old.add(.regular, memory, .file(record))
        lseek(memory, 2, SEEK_SET)
        let records = old.capture()
        let wanted = HandedDescriptors.wanted(old.kernel)
        #expect(wanted.count == 1)
        #expect(HandedDescriptors.wanted(old.kernel).isEmpty)
        let handed = try #require(wanted.first)
        #expect(HandedDescriptors.isNeeded(handed.identity, by: records))
        let received = dup(handed.hostFD)
        lseek(memory, 0, SEEK_END)
        let pipe = try HostObjects.pipe(flags: O_NONBLOCK)
        let new = try KernelFixture.restored(from: records, handed: [handed.identity: received, 1 << 40: pipe.writer])
        #expect(try HostObjects.read(new.host(0), 10) == [3, 4])
        // What nobody needed is closed.
        #expect(HostObjects.read(pipe.reader) == [])
        close(pipe.reader)
    }

    @Test("a memory file is not handed over: its descriptors are of the mirror's own, with its place")
    func memoryFile() throws {
        let old = try KernelFixture()
        let memory = HostObjects.memoryFile()
        let number = FileNumber(device: 1, inode: 2)
        var record = FileRecord(
            path: Array("/memfd:x".utf8), flags: O_RDWR,
            identity: FileIdentity(device: number.device, inode: number.inode, path: "/memfd:x"))
        record.isMemory = true
        for _ in 0..<2 { try old.add(.regular, dup(memory), .file(record)) }
        lseek(memory, 2, SEEK_SET)
        let records = old.capture()
        #expect(HandedDescriptors.wanted(old.kernel).isEmpty)
        let own = HostObjects.memoryFile()
        #expect(HostObjects.write(own, [5, 6, 7, 8]) == 4)
        let new = try KernelFixture.restored(from: records, objects: [number: own])
        #expect(try HostObjects.read(new.host(0), 10) == [7, 8])
        #expect(pwrite(try new.host(1), [9], 1, 3) == 1)
        lseek(try new.host(0), 3, SEEK_SET)
        #expect(try HostObjects.read(new.host(0), 10) == [9])
        #expect(new.reports.isEmpty)
        close(memory)
    }

    @Test("a handed file that the guest closes has no lock any more")
    func handedLock() async throws {
        try await ScratchDirectory.with { scratch in
            let path = try scratch.write("locked", [])
            let old = try KernelFixture()
            let hostFD = open(path, O_RDWR)
            try old.add(.regular, hostFD, .file(FileRecord(path: Array(path.utf8), flags: O_RDWR)))
            #expect(flock(hostFD, LOCK_EX) == 0)
            _ = old.capture()
            let mirrors = dup(hostFD)
            #expect(HandedDescriptors.wanted(old.kernel).count == 1)
            old.die()
            let other = open(path, O_RDWR)
            #expect(flock(other, LOCK_EX | LOCK_NB) == 0)
            close(other)
            close(mirrors)
        }
    }

    // MARK: - Pipes and pairs

    @Test("a pipe has what was in it, with its ends")
    func pipe() throws {
        let old = try KernelFixture()
        let (_, writer) = try old.addPipe(number: 1)
        let content = (0..<60_000).map { UInt8(truncatingIfNeeded: $0) }
        for start in stride(from: 0, to: content.count, by: 6000) {
            #expect(HostObjects.write(writer.hostFD, Array(content[start..<(start + 6000)])) == 6000)
        }
        let new = try old.takenOver()
        #expect(try HostObjects.read(new.host(0)) == content)
        #expect(try HostObjects.write(new.host(1), [9]) == 1)
        #expect(try HostObjects.read(new.host(0)) == [9])
        #expect(new.reports.isEmpty)
    }

    @Test("packets of a pipe stay apart")
    func packetPipe() throws {
        let old = try KernelFixture()
        let (_, writer) = try old.addPipe(number: 1, flags: HostObjects.packetMode)
        for packet in [[1], [2, 3], [4]] as [[UInt8]] {
            #expect(HostObjects.write(writer.hostFD, packet) == packet.count)
        }
        let new = try old.takenOver()
        #expect(try HostObjects.read(new.host(0)) == [1])
        #expect(try HostObjects.read(new.host(0)) == [2, 3])
        #expect(try HostObjects.read(new.host(0)) == [4])
        #expect(try HostObjects.write(new.host(1), [5]) == 1)
        #expect(try HostObjects.write(new.host(1), [6]) == 1)
        #expect(try HostObjects.read(new.host(0)) == [5])
    }

    @Test("a pipe without its other end says so after what was in it")
    func halfPipes() throws {
        let old = try KernelFixture()
        let (_, writer) = try old.addPipe(number: 1)
        #expect(HostObjects.write(writer.hostFD, [1, 2]) == 2)
        _ = try old.addPipe(number: 2)
        _ = old.kernel.files.remove(1)
        _ = old.kernel.files.remove(2)
        let new = try old.takenOver()
        #expect(try HostObjects.read(new.host(0)) == [1, 2])
        #expect(try HostObjects.read(new.host(0)) == [])
        signal(SIGPIPE, SIG_IGN)
        #expect(try HostObjects.write(new.host(3), [1]) == -1)
        #expect(errno == EPIPE)
    }

    @Test("what was looked at is still there, and only touched pipes are looked at again")
    func untouchedPipe() throws {
        let old = try KernelFixture()
        let (reader, writer) = try old.addPipe(number: 1)
        #expect(HostObjects.write(writer.hostFD, [1]) == 1)
        let first = old.capture()
        #expect(HostObjects.write(writer.hostFD, [2]) == 1)
        #expect(old.capture() == first)
        writer.transfers.set()
        #expect(old.capture() != first)
        #expect(HostObjects.read(reader.hostFD) == [1, 2])
    }

    @Test("a pair of streams has both directions, and both ends' shutdown")
    func streamPair() throws {
        let old = try KernelFixture()
        let (one, other) = try old.addPair(type: stream, number: 1)
        let content = (0..<60_000).map { UInt8(truncatingIfNeeded: $0 / 3) }
        for start in stride(from: 0, to: content.count, by: 1000) {
            #expect(HostObjects.write(one.hostFD, Array(content[start..<(start + 1000)])) == 1000)
        }
        #expect(HostObjects.write(other.hostFD, [7]) == 1)
        shutdown(one.hostFD, Int32(SHUT_WR))
        one.updateSocket { $0.isShutForWriting = true }
        let records = old.capture()
        // Looking has taken nothing.
        #expect(HostObjects.read(one.hostFD) == [7])
        old.die()
        let new = try KernelFixture.restored(from: records)
        #expect(try HostObjects.read(new.host(1)) == content)
        #expect(try HostObjects.read(new.host(1)) == [])
        #expect(try HostObjects.read(new.host(0)) == [7])
        #expect(new.reports.isEmpty)
    }

    @Test("packets of a pair stay apart", arguments: [datagram, packets])
    func packetPair(_ type: Int32) throws {
        let old = try KernelFixture()
        let (one, _) = try old.addPair(type: type, number: 1)
        let sent: [[UInt8]] = [[1], [2, 3], [UInt8](repeating: 4, count: 70_000)]
        for packet in sent { #expect(HostObjects.write(one.hostFD, packet) == packet.count) }
        // Twice: a look leaves everything as it was.
        #expect(old.capture() == old.capture())
        one.transfers.set()
        let new = try old.takenOver()
        for packet in sent { #expect(try HostObjects.read(new.host(1)) == packet) }
        #expect(try HostObjects.read(new.host(1)) == nil && errno == EAGAIN)
    }

    @Test("a pair whose other end is gone ends as it would have", arguments: [stream, packets])
    func halfPair(_ type: Int32) throws {
        for isReset in [false, true] {
            let old = try KernelFixture()
            do {
                // In a scope of their own: the other end has to be closed before the checkpoint.
                let (one, other) = try old.addPair(type: type, number: 1)
                #expect(
                    isReset ? HostObjects.write(one.hostFD, [1]) == 1 : HostObjects.write(other.hostFD, [8, 9]) == 2)
                _ = old.capture()
                _ = old.kernel.files.remove(1)
            }
            let new = try old.takenOver()
            if isReset {
                #expect(try HostObjects.read(new.host(0)) == nil && errno == ECONNRESET)
            } else {
                #expect(try HostObjects.read(new.host(0)) == [8, 9])
            }
            #expect(try HostObjects.read(new.host(0)) == [])
        }
    }
}
