import RecordCoding

/// The guest's timers, and the number that the next one gets.
struct TimerServiceRecord: Sendable {
    var timers: [SignalTimer]
    var nextIdentity: Int32
}

extension TimerServiceRecord {
    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        let nextIdentity = try reader.get(Int32.self)
        let timers = try reader.getAll { reader throws(RecordError) in try SignalTimer(from: &reader) }
        try reader.finish()
        guard nextIdentity >= 0, timers.count <= TimerService.timerCountMax + IntervalTimerCalls.count,
            Set(timers.map(\.identity)).count == timers.count
        else { throw .isMalformed }
        self.init(timers: timers, nextIdentity: nextIdentity)
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 8 + timers.count * 80)
        writer.put(nextIdentity)
        writer.putAll(timers) { writer, timer in timer.write(to: &writer) }
        return writer.bytes
    }
}

extension SignalTimer {
    fileprivate func write(to writer: inout RecordWriter) {
        writer.put(identity)
        writer.put(clockIdentity)
        clock.write(to: &writer)
        target.write(to: &writer)
        writer.put(signal)
        writer.put(value)
        writer.put(deadlineNanoseconds)
        writer.put(intervalNanoseconds)
        writer.put(takenOverrun)
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self.init(
            identity: try reader.get(), clockIdentity: try reader.get(), clock: try TimerClock(from: &reader),
            target: try TimerTarget(from: &reader), signal: try reader.get(), value: try reader.get(),
            deadlineNanoseconds: try reader.getOptional(), intervalNanoseconds: try reader.get(),
            takenOverrun: try reader.get())
        let isSignal = 1...SignalSet.count ~= signal || target == .nobody
        guard identity >= -Int32(IntervalTimerCalls.count), isSignal, takenOverrun >= 0 else { throw .isMalformed }
    }
}

extension TimerClock {
    fileprivate func write(to writer: inout RecordWriter) {
        switch self {
        case .monotonic: writer.put(kind: 0)
        case .process: writer.put(kind: 1)
        case .processUser: writer.put(kind: 2)
        case .thread(let tid): writer.put(kind: 3, tid)
        }
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        switch (try reader.get(UInt8.self), try reader.get(Int32.self)) {
        case (0, 0): self = .monotonic
        case (1, 0): self = .process
        case (2, 0): self = .processUser
        case (3, let tid): self = .thread(tid)
        default: throw .isMalformed
        }
    }
}

extension TimerTarget {
    fileprivate func write(to writer: inout RecordWriter) {
        switch self {
        case .nobody: writer.put(kind: 0)
        case .process: writer.put(kind: 1)
        case .thread(let tid): writer.put(kind: 2, tid)
        }
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        switch (try reader.get(UInt8.self), try reader.get(Int32.self)) {
        case (0, 0): self = .nobody
        case (1, 0): self = .process
        case (2, let tid): self = .thread(tid)
        default: throw .isMalformed
        }
    }
}

extension RecordWriter {
    /// A case, and the thread that it names.
    fileprivate mutating func put(kind: UInt8, _ tid: Int32 = 0) {
        put(kind)
        put(tid)
    }
}
