/// How often a thread has made calls by way of a signal, by where from: a small table whose entries drive each other
/// out.
struct CallHeat {
    private struct Entry {
        var returnAddress: UInt64 = 0
        var count: UInt32 = 0
    }

    private let entries: UnsafeMutablePointer<Entry>
    private static let entryCount = 64
    private let hotCount: UInt32

    init(hotCount: UInt32) {
        self.hotCount = hotCount
        entries = .allocate(capacity: CallHeat.entryCount)
        entries.initialize(repeating: Entry(), count: CallHeat.entryCount)
    }

    func deallocate() {
        entries.deallocate()
    }

    /// Counts a call; true when the site has just become hot.
    @inline(__always)
    func count(_ returnAddress: UInt64) -> Bool {
        let entry = entries + Int(returnAddress >> 1 & UInt64(CallHeat.entryCount - 1))
        if entry.pointee.returnAddress != returnAddress {
            entry.pointee = Entry(returnAddress: returnAddress)
        }
        entry.pointee.count &+= 1
        return entry.pointee.count == hotCount
    }
}
