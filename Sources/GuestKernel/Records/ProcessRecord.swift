import Glibc
import RecordCoding

/// What there is one of in the guest's process and may change as it runs. Its program is a record of its own, which
/// does not.
struct ProcessRecord: Sendable, Equatable {
    var pid: Int32
    var parentPid: Int32
    var processGroup: Int32
    var session: Int32
    var attributes: ProcessAttributes
    /// By resource; RLIMIT_STACK is what it was before the supervisor lowered its own.
    var limits: [ResourceLimits.Limit]
    var nextTid: Int32
    /// Nil where it has been removed.
    var workingDirectory: [UInt8]?
    /// What the user has been told and is not to be told again.
    var reported: [String]
    /// Set once the guest has ended and only its output and its exit status are left to be told.
    var end: GuestEnd?

    /// The number of the program's record in the family.
    static let programNumber: UInt64 = 1
}

extension ProcessRecord {
    /// The guest is stopped, or has ended.
    init(of kernel: GuestKernel) {
        let identity = kernel.identity
        self.init(
            pid: identity.pid, parentPid: identity.parentPid, processGroup: identity.processGroup,
            session: identity.session, attributes: identity.attributes.withLock { $0 }, limits: kernel.limits.all,
            nextTid: kernel.threads.nextTid, workingDirectory: kernel.paths.workingDirectory,
            reported: kernel.reported.withLock { $0.sorted() }, end: kernel.endAtCheckpoint)
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        self.init(
            pid: try reader.get(), parentPid: try reader.get(), processGroup: try reader.get(),
            session: try reader.get(), attributes: try ProcessAttributes(from: &reader),
            limits: try ResourceLimits.read(from: &reader), nextTid: try reader.get(),
            workingDirectory: try reader.getFlag() ? try reader.getBytes() : nil,
            reported: try reader.getAll { reader throws(RecordError) in try reader.getText() },
            end: try GuestEnd.read(from: &reader))
        try reader.finish()
        guard 1..<ThreadList.firstTid ~= pid, ThreadList.firstTid...ThreadList.lastTid ~= nextTid else {
            throw .isMalformed
        }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 384 + (workingDirectory?.count ?? 0))
        writer.put(pid)
        writer.put(parentPid)
        writer.put(processGroup)
        writer.put(session)
        attributes.write(to: &writer)
        for limit in limits {
            writer.put(limit.soft)
            writer.put(limit.hard)
        }
        writer.put(nextTid)
        writer.put(workingDirectory != nil)
        if let workingDirectory { writer.put(workingDirectory) }
        writer.putAll(reported) { writer, line in writer.put(line) }
        GuestEnd.write(end, to: &writer)
        return writer.bytes
    }
}

extension ResourceLimits {
    fileprivate static func read(from reader: inout RecordReader) throws(RecordError) -> [Limit] {
        var limits: [Limit] = []
        for _ in 0..<count { limits.append(Limit(soft: try reader.get(), hard: try reader.get())) }
        return limits
    }
}

extension ProcessAttributes {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(dumpable)
        writer.put(hasNoNewPrivileges)
        writer.put(isChildSubreaper)
        writer.put(fileMask)
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init(
            dumpable: try reader.get(), hasNoNewPrivileges: try reader.getFlag(),
            isChildSubreaper: try reader.getFlag(), fileMask: try reader.get())
        guard fileMask <= 0o777 else { throw .isMalformed }
    }
}

extension GuestEnd {
    fileprivate static func write(_ end: GuestEnd?, to writer: inout RecordWriter) {
        switch end {
        case nil:
            writer.put(UInt8(0))
            writer.put(Int32(0))
        case .exited(let status):
            writer.put(UInt8(1))
            writer.put(status)
        case .signalled(let signal):
            writer.put(UInt8(2))
            writer.put(signal)
        }
    }

    fileprivate static func read(from reader: inout RecordReader) throws(RecordError) -> GuestEnd? {
        let kind = try reader.get(UInt8.self)
        let value = try reader.get(Int32.self)
        switch kind {
        case 0: return nil
        case 1: return .exited(value)
        case 2 where 1...SignalSet.count ~= value: return .signalled(value)
        default: throw .isMalformed
        }
    }
}
