import Glibc
import RecordCoding

/// What the guest's clocks showed at the checkpoint, in nanoseconds. What all machines agree about is not in it.
struct ClockRecord: Sendable, Equatable {
    var monotonicNanoseconds: Int64
    var boottimeNanoseconds: Int64
    var rawNanoseconds: Int64
    /// Processor time used so far, and that part of it which is user code's.
    var processorNanoseconds: Int64
    var userNanoseconds: Int64

    /// Offsets from another machine's clocks must not overflow: 146 years are enough.
    static let nanosecondsMax = Int64.max / 2
}

extension ClockRecord {
    init(of clock: GuestClock) {
        self.init(
            monotonicNanoseconds: Int64(clock.monotonicNanoseconds()),
            boottimeNanoseconds: GuestClock.hostNanoseconds(of: CLOCK_BOOTTIME) + clock.boottimeOffsetNanoseconds,
            rawNanoseconds: GuestClock.hostNanoseconds(of: CLOCK_MONOTONIC_RAW) + clock.rawOffsetNanoseconds,
            processorNanoseconds: GuestClock.hostNanoseconds(of: CLOCK_PROCESS_CPUTIME_ID)
                + clock.processorOffsetNanoseconds,
            userNanoseconds: GuestClock.hostUserNanoseconds() + clock.userOffsetNanoseconds)
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        self.init(
            monotonicNanoseconds: try reader.get(), boottimeNanoseconds: try reader.get(),
            rawNanoseconds: try reader.get(), processorNanoseconds: try reader.get(),
            userNanoseconds: try reader.get())
        try reader.finish()
        let values = [
            monotonicNanoseconds, boottimeNanoseconds, rawNanoseconds, processorNanoseconds, userNanoseconds,
        ]
        guard values.allSatisfy({ 0...ClockRecord.nanosecondsMax ~= $0 }) else { throw .isMalformed }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 40)
        writer.put(monotonicNanoseconds)
        writer.put(boottimeNanoseconds)
        writer.put(rawNanoseconds)
        writer.put(processorNanoseconds)
        writer.put(userNanoseconds)
        return writer.bytes
    }
}
