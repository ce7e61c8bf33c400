import Glibc
import RecordCoding

/// A process that the guest has started and not yet waited for.
struct Child: Sendable {
    /// The same for the guest and on the host.
    let pid: Int32
    /// What its parent is to be sent when it ends: SIGCHLD unless clone(2) was told otherwise, 0 for nothing.
    let startSignal: Int32
    /// Set where that is not SIGCHLD.
    let execution: ExecutionMark?
    /// As the guest knows it, at the last epoch; used once there is nothing any more that the host could be asked of.
    var processGroup: Int32 = 0
    /// Set once its end is known, which its parent has been told then.
    var end: SignalInfo?
    /// What its parent is sent when it ends: whatever clone(2) was told, SIGCHLD once it has another program.
    var exitSignal: Int32 { execution?.isSet == true ? SIGCHLD : startSignal }
    /// It ended with the primary: there is nothing on this host that could be waited for.
    var isLost = false

    init(pid: Int32, exitSignal: Int32, execution: ExecutionMark? = nil) {
        self.pid = pid
        startSignal = exitSignal
        self.execution = execution
    }
}

/// The guest's children, as a mirror knows them.
struct ChildrenRecord: Sendable {
    var children: [Child]

    init(_ children: [Child]) {
        self.children = children
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        children = try reader.getAll { reader throws(RecordError) in
            var child = Child(pid: try reader.get(), exitSignal: try reader.get())
            child.processGroup = try reader.get()
            if try reader.getFlag() { child.end = try SignalInfo(from: &reader) }
            guard child.pid > 0, 0...SignalSet.count ~= child.exitSignal else { throw .isMalformed }
            return child
        }
        try reader.finish()
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 4 + children.count * 64)
        writer.putAll(children) { writer, child in
            writer.put(child.pid)
            writer.put(child.exitSignal)
            writer.put(child.processGroup)
            writer.put(child.end != nil)
            child.end?.write(to: &writer)
        }
        return writer.bytes
    }
}
