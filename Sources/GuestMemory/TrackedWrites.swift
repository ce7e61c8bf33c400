import Synchronization

/// Where the supervisor's own writes to guest memory turn when a page is closed to them (tracking by signals).
enum TrackedWrites {
    /// The address of one, or 0: without a lock, which a forked process could find taken. Sound: it is kept for good.
    private static let space = Atomic<UInt>(0)

    static func begin(_ tracked: AddressSpace) {
        space.store(UInt(bitPattern: Unmanaged.passRetained(tracked).toOpaque()), ordering: .releasing)
    }

    /// In a forked process, whose writes nobody tracks.
    static func end() {
        space.store(0, ordering: .releasing)
    }

    /// Opens the pages of a range that are closed only for tracking; false where none is.
    static func open(_ address: UInt64, count: Int) -> Bool {
        guard let tracked = UnsafeRawPointer(bitPattern: space.load(ordering: .acquiring)),
            let range = AddressRange(guestStart: address, count: UInt64(count))
        else { return false }
        return Unmanaged<AddressSpace>.fromOpaque(tracked).takeUnretainedValue().openTracked(range)
    }
}
