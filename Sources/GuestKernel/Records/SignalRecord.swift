import RecordCoding

/// The process's signals: what to do on each, what is pending for any thread, and whether job control has stopped it.
/// Descriptors that watch signals belong to their own records.
struct SignalRecord: Sendable {
    var actions: [SignalAction]
    var shared: PendingSignals
    var isStopped: Bool
}

extension SignalRecord {
    init(of state: SignalTable.State) {
        self.init(actions: state.actions, shared: state.shared, isStopped: state.isStopped)
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        var actions: [SignalAction] = []
        actions.reserveCapacity(SignalTable.actionCount)
        for _ in 0..<SignalTable.actionCount {
            actions.append(
                SignalAction(
                    handler: try reader.get(), flags: try reader.get(), restorer: try reader.get(),
                    mask: try reader.get()))
        }
        self.init(
            actions: actions, shared: try PendingSignals(from: &reader), isStopped: try reader.getFlag())
        try reader.finish()
    }

    func encoded() -> [UInt8] {
        let actionByteCount = SignalTable.actionCount * MemoryLayout<SignalAction>.stride
        var writer = RecordWriter(capacity: actionByteCount + 32 + shared.queue.count * MemoryLayout<SignalInfo>.size)
        // Four integers each, as the reader takes them; x86-64 has them in the record's byte order.
        actions.withUnsafeBytes { writer.putRaw($0) }
        shared.write(to: &writer)
        writer.put(isStopped)
        return writer.bytes
    }
}
