import Synchronization

/// Where the supervisor's own writes to guest memory turn when a page is closed to them (tracking by signals).
enum TrackedWrites {
    private static let space = Mutex<AddressSpace?>(nil)

    static func begin(_ tracked: AddressSpace) {
        space.withLock { $0 = tracked }
    }

    /// Opens the pages of a range that are closed only for tracking; false where none is.
    static func open(_ address: UInt64, count: Int) -> Bool {
        let tracked = space.withLock { $0 }
        guard let tracked, let range = AddressRange(guestStart: address, count: UInt64(count)) else { return false }
        return tracked.openTracked(range)
    }
}
