import CGuestEntry
import Glibc
import GuestKernel

/// The reader's side of a guest's trace records: those of all threads, in the order in which they were numbered.
///
/// Not Sendable: one thread reads. What lies in the shared memory is not believed (guest_trace_record_at).
public struct TraceRings: ~Copyable {
    private let descriptor: Int32
    private let wakeDescriptor: Int32
    private let lifeDescriptor: Int32
    private let area: UnsafeMutablePointer<guest_trace_area>
    private let ringByteCount: Int
    private var rings: [RingCursor] = []
    /// Where the last record was found: most often the next one is there, too.
    private var current = 0
    private var expected: UInt64 = 0
    private var pending: UnsafePointer<guest_trace_record>?
    /// Sleeps in a row after which there were records, but not the next one. Then it is not waited for any longer: a
    /// process of the guest's that is killed may have taken a number and never written its record.
    private var stalledSleepCount = 0
    private static let stalledSleepsMax = 100
    /// A number that is only late comes within so many looks.
    private static let busyLooksMax = 10
    /// Every writer is gone: a number that is missing does not come any more.
    private var isOver = false
    /// Numbers that were missing when everything was over: of records that their threads did not get to finish.
    public private(set) var missingCount: UInt64 = 0

    /// Reads what records have as their time.
    var readTime: () -> UInt64 {
        let area = area
        return { guest_trace_time(area) }
    }

    /// Records that found no room so far.
    public var droppedCount: UInt64 { guest_trace_dropped(area) }

    /// `life` is a pipe that ends when the guest's process does.
    public init(area descriptor: Int32, wake: Int32, life: Int32) throws(TraceAreaError) {
        let area = try TraceArea.mapArea(descriptor)
        let ringByteCount = Int(area.pointee.ring_bytes)
        guard area.pointee.version == GUEST_TRACE_VERSION, ringByteCount >= TraceArea.ringByteCountMin,
            ringByteCount & (ringByteCount - 1) == 0
        else { throw TraceAreaError(errno: EINVAL) }
        self.descriptor = descriptor
        wakeDescriptor = wake
        lifeDescriptor = life
        self.area = area
        self.ringByteCount = ringByteCount
    }

    /// The next record, which stays where it is until `release`; nil when there is none yet, or none any more.
    public mutating func next() throws(TraceAreaError) -> UnsafePointer<guest_trace_record>? {
        if let found = look(at: current) { return take(found) }
        releaseAll()
        try findNewRings()
        for index in rings.indices where index != current {
            if let found = look(at: index) {
                current = index
                return take(found)
            }
        }
        return isOver || stalledSleepCount >= TraceRings.stalledSleepsMax ? skipGap() : nil
    }

    /// The record that `next` gave is done with: its room is the writer's again, some time before `next` gives nil.
    public mutating func release() {
        guard let record = pending else { return }
        pending = nil
        rings[current].advance(behind: record)
    }

    /// The room of everything that is done with is the writer's now.
    public mutating func releaseAll() {
        if current < rings.count { rings[current].release() }
    }

    @inline(__always)
    private mutating func look(at index: Int) -> UnsafePointer<guest_trace_record>? {
        guard index < rings.count, let record = rings[index].record(), record.pointee.sequence == expected else {
            return nil
        }
        return record
    }

    private mutating func take(_ record: UnsafePointer<guest_trace_record>) -> UnsafePointer<guest_trace_record> {
        stalledSleepCount = 0
        pending = record
        expected = record.pointee.sequence &+ 1
        return record
    }

    /// The lowest number there is: what is missing before it does not come. Or comes late, of a thread that was still
    /// writing: it is then taken out of its turn.
    private mutating func skipGap() -> UnsafePointer<guest_trace_record>? {
        var lowest: UnsafePointer<guest_trace_record>?
        for index in rings.indices {
            guard let record = rings[index].record(), record.pointee.sequence < lowest?.pointee.sequence ?? .max
            else { continue }
            lowest = record
            current = index
        }
        guard let lowest else { return nil }
        if lowest.pointee.sequence < expected {
            missingCount -= min(missingCount, 1)
            stalledSleepCount = 0
            pending = lowest
            return lowest
        }
        missingCount += lowest.pointee.sequence - expected
        return take(lowest)
    }

    private mutating func findNewRings() throws(TraceAreaError) {
        let count = min(Int(guest_trace_ring_count(area)), TraceArea.ringCountMax)
        while rings.count < count {
            let offset = TraceArea.offset(ofRing: rings.count, ringByteCount)
            let ring = try TraceArea.mapRing(descriptor, offset, ringByteCount)
            rings.append(RingCursor(ring, byteCount: ringByteCount))
        }
    }

    // MARK: - Waiting

    /// Sleeps until there may be more: a ring is half full, the guest's process has ended, or some time has passed.
    /// False when it ended and all that it wrote has been read.
    public mutating func sleep(milliseconds: Int32) -> Bool {
        if isOver { return false }
        var entries = [
            pollfd(fd: lifeDescriptor, events: Int16(POLLIN), revents: 0),
            pollfd(fd: wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        guest_trace_announce_sleep(area)
        // Whoever found no room before it was announced has woken nobody.
        let isBusy = rings.contains { guest_trace_wants_room($0.ring) }
        let isStalled = rings.indices.contains { rings[$0].record() != nil }
        stalledSleepCount = isStalled ? stalledSleepCount + 1 : 0
        _ = poll(&entries, 2, isBusy && stalledSleepCount < TraceRings.busyLooksMax ? 0 : milliseconds)
        guest_trace_end_sleep(area)
        if entries[1].revents != 0 {
            var count: UInt64 = 0
            _ = read(wakeDescriptor, &count, MemoryLayout<UInt64>.size)
        }
        // Whatever it wrote lies in the shared memory by now, and is read before the end.
        if entries[0].revents != 0 { isOver = true }
        return true
    }
}
