import CGuestEntry
import Glibc
import GuestMemory
import RecordCoding
import Synchronization
import Testing
import Volumes

@testable import GuestKernel

/// A guest's kernel without a guest: its descriptors are put into the table by the test, and gone through a checkpoint
/// into another kernel. No guest code runs, and no thread.
final class KernelFixture: Sendable {
    /// The arena can be reserved once in a process.
    private static let memory = Result { () throws(AddressSpaceError) in try AddressSpace() }

    let kernel: GuestKernel
    private let said = Messages()

    private final class Messages: Sendable {
        let lines = Mutex<[String]>([])
    }

    init(
        sharesMachineWithPrimary: Bool = false, restoredObjects: [FileNumber: Int32] = [:], volumes: [VolumePlace] = []
    ) throws {
        let said = said
        var configuration = GuestConfiguration(dispatch: .inclusive) { line in said.lines.withLock { $0.append(line) } }
        configuration.sharesMachineWithPrimary = sharesMachineWithPrimary
        configuration.restoredObjects = restoredObjects
        configuration.volumes = volumes
        kernel = GuestKernel(configuration: configuration, memory: try KernelFixture.memory.get())
    }

    /// What the kernel has reported.
    var reports: [String] { said.lines.withLock { $0 } }

    // MARK: - The guest's objects

    @discardableResult
    func add(
        _ kind: FileDescription.Kind, _ hostFD: Int32, _ record: ObjectRecord, flags: Int32 = O_RDWR,
        at number: Int? = nil
    ) throws -> FileDescription {
        try #require(hostFD >= 0, "errno \(errno)")
        let file = FileDescription(kind: kind, hostFD: hostFD, statusFlags: flags, record: record)
        return try add(file, at: number)
    }

    @discardableResult
    func add(_ file: FileDescription, at number: Int? = nil) throws -> FileDescription {
        if let number {
            _ = kernel.files.place(file, at: number, closesOnExec: false)
        } else {
            try #require(kernel.files.add(file, closesOnExec: false) >= 0)
        }
        return file
    }

    func addSocket(
        _ hostFD: Int32, domain: Int32, type: Int32, _ change: (inout SocketRecord) -> Void = { _ in }
    ) throws -> FileDescription {
        try #require(hostFD >= 0, "errno \(errno)")
        var record = SocketRecord(domain: domain, type: type, networkProtocol: 0)
        change(&record)
        return try add(HostSockets.describe(hostFD, isNonBlocking: false, record))
    }

    func addPipe(number: UInt64, flags: Int32 = 0) throws -> (reader: FileDescription, writer: FileDescription) {
        let ends = try HostObjects.pipe(flags: flags | O_NONBLOCK | O_CLOEXEC)
        return (
            try add(
                .pipe, ends.reader, .pipe(PipeRecord(pipe: number, isWriteEnd: false, capacity: 65536)), flags: O_RDONLY
            ),
            try add(
                .pipe, ends.writer, .pipe(PipeRecord(pipe: number, isWriteEnd: true, capacity: 65536)),
                flags: O_WRONLY | flags)
        )
    }

    func addPair(type: Int32, number: UInt64) throws -> (FileDescription, FileDescription) {
        var ends: [Int32] = [-1, -1]
        try #require(socketpair(AF_UNIX, type | O_NONBLOCK, 0, &ends) == 0)
        let change = { (socket: inout SocketRecord) in
            socket.pair = number
            socket.state = .connected
        }
        return (
            try addSocket(ends[0], domain: AF_UNIX, type: type, change),
            try addSocket(ends[1], domain: AF_UNIX, type: type, change)
        )
    }

    // MARK: - A takeover

    func capture() -> RecordSet {
        var records: [RecordSet.Entry] = []
        ObjectCapture.capture(kernel, into: &records)
        return RecordSet(unsorted: records)
    }

    /// Closes everything, as the end of its process does.
    func die() {
        for (descriptor, _) in kernel.files.snapshot() { _ = kernel.files.remove(descriptor) }
    }

    static func restored(
        from records: RecordSet, handed: [UInt64: Int32] = [:], objects: [FileNumber: Int32] = [:],
        volumes: [VolumePlace] = []
    ) throws -> KernelFixture {
        let fixture = try KernelFixture(restoredObjects: objects, volumes: volumes)
        try ObjectRestore.restore(fixture.kernel, from: records, handed: handed)
        LateBinding.startAll(fixture.kernel)
        return fixture
    }

    /// A checkpoint, the end of this kernel, and the one that goes on.
    func takenOver() throws -> KernelFixture {
        let records = capture()
        die()
        return try KernelFixture.restored(from: records)
    }

    /// The host descriptor behind a guest's.
    func host(_ descriptor: Int) throws -> Int32 {
        try #require(kernel.files.find(UInt64(descriptor))).hostFD
    }

    func file(_ descriptor: Int) throws -> FileDescription {
        try #require(kernel.files.find(UInt64(descriptor)))
    }
}
