import CGuestEntry
import Glibc

/// Memory that is lent: the child of vfork has its parent's until it has another program. It is given a copy, and what
/// it has changed there is brought back, byte by byte, as the parent's other threads go on writing to theirs.
extension AddressSpace {
    /// A run of bytes that is not what it was.
    public struct Change {
        public let address: UInt64
        public let bytes: [UInt8]
    }

    /// Begins to keep each page as it is before it is written to; in the forked process, before its guest runs.
    public func beginLoan() throws(TrackerError) {
        var tracking = try Tracking(.signal)
        tracking.untracked.removeAll()
        let result = state.withLock { state in
            state.tracking = tracking
            state.pristine = [:]
            for area in state.map.areas {
                let closed = state.hostProtection(area.protection, area.kind)
                if closed == area.protection { continue }
                let result = HostMemory.protect(area.range, closed)
                if result < 0 { return result }
            }
            return 0
        }
        if result < 0 { throw TrackerError("writes of a child cannot be found", errno: Int32(-result)) }
        // Calls that are made without leaving the guest open no pages: their buffers would be EFAULT.
        guest_direct_set_memory_end(0)
        TrackedWrites.begin(self)
        tracksBySignals.store(true, ordering: .sequentiallyConsistent)
    }

    /// What has changed since `beginLoan`, lowest first. Nothing is kept from here on, and no page is closed any more:
    /// what is mapped now is never run again.
    public func endLoan() -> [Change] {
        state.withLock { state in
            guard let pristine = state.pristine else { return [] }
            state.pristine = nil
            state.tracking = nil
            tracksBySignals.store(false, ordering: .sequentiallyConsistent)
            guest_direct_set_memory_end(GuestLayout.arenaEnd)
            var changes: [Change] = []
            for (address, before) in pristine.sorted(by: { $0.key < $1.key }) {
                if let now = State.page(at: address) { State.append(before, now, at: address, to: &changes) }
            }
            return changes
        }
    }
}

extension AddressSpace.State {
    /// Before pages are opened to writes. Pages that the guest may write can be read.
    mutating func keepPristine(_ range: AddressRange) {
        if pristine == nil { return }
        for address in stride(from: range.start, to: range.end, by: Int(pageSize)) where pristine?[address] == nil {
            pristine?[address] = Self.page(at: address)
        }
    }

    fileprivate static func page(at address: UInt64) -> [UInt8]? {
        GuestAccess.loadArray(UInt8.self, at: address, count: Int(pageSize))
    }

    fileprivate static func append(
        _ before: [UInt8], _ now: [UInt8], at address: UInt64, to changes: inout [AddressSpace.Change]
    ) {
        var index = 0
        while index < now.count {
            guard before[index] != now[index] else {
                index += 1
                continue
            }
            let start = index
            while index < now.count, before[index] != now[index] { index += 1 }
            changes.append(AddressSpace.Change(address: address + UInt64(start), bytes: Array(now[start..<index])))
        }
    }
}
