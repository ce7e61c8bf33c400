import Glibc
import RecordCoding

/// What the guest's clocks showed at the checkpoint, in nanoseconds. What all machines agree about is not in it.
struct ClockRecord: Sendable, Equatable {
    var monotonicNanoseconds: Int64
    var boottimeNanoseconds: Int64
    var rawNanoseconds: Int64

    /// Offsets from another machine's clocks must not overflow: 146 years are enough.
    private static let nanosecondsMax = Int64.max / 2
}

extension ClockRecord {
    init(of clock: GuestClock) {
        self.init(
            monotonicNanoseconds: Int64(clock.monotonicNanoseconds()),
            boottimeNanoseconds: GuestClock.hostNanoseconds(of: CLOCK_BOOTTIME) + clock.boottimeOffsetNanoseconds,
            rawNanoseconds: GuestClock.hostNanoseconds(of: CLOCK_MONOTONIC_RAW) + clock.rawOffsetNanoseconds)
    }

    init(decoding bytes: [UInt8]) throws(RecordError) {
        var reader = RecordReader(bytes)
        self.init(
            monotonicNanoseconds: try reader.get(), boottimeNanoseconds: try reader.get(),
            rawNanoseconds: try reader.get())
        try reader.finish()
        for value in [monotonicNanoseconds, boottimeNanoseconds, rawNanoseconds] {
            guard 0...ClockRecord.nanosecondsMax ~= value else { throw .isMalformed }
        }
    }

    func encoded() -> [UInt8] {
        var writer = RecordWriter(capacity: 24)
        writer.put(monotonicNanoseconds)
        writer.put(boottimeNanoseconds)
        writer.put(rawNanoseconds)
        return writer.bytes
    }
}
