import CGuestEntry
import Glibc

/// Shared memory of a guest that has forked: what other processes store there is in no page table of this one, so that
/// no tracker finds it. Each cut compares all of it with what the mirror was given last.
extension AddressSpace {
    /// A process is about to be forked that has the guest's shared memory, and may have children itself.
    public func noteSharedWithChildren() {
        state.withLock { $0.tracking?.isSharedWithChildren = true }
    }

    /// Copies the pages of shared memory that are others than at the cut before; with the guest stopped.
    func collectSharedPages(into staging: PageStaging, _ memory: HostDescriptor) throws {
        var runs: [DirtyRun] = []
        var objectRuns: [MemoryObjectRun] = []
        let last = try state.withLock { state -> SharedPages? in
            guard state.tracking?.isSharedWithChildren == true else { return nil }
            for area in state.map.areas where area.kind.isSharedAnonymous { try Self.appendResident(area, to: &runs) }
            objectRuns = state.tracking?.objects.allRuns() ?? []
            let last = try state.tracking?.lastShared ?? SharedPages()
            state.tracking?.lastShared = last
            return last
        }
        guard let last else { return }
        try withUnsafeTemporaryAllocation(byteCount: Int(pageSize), alignment: Int(pageSize)) { buffer in
            guard let page = buffer.baseAddress else { return }
            for run in runs {
                for index in 0..<run.pageCount {
                    guard copy(run, index, to: page, memory) else { continue }
                    try last.add(run.number + UInt64(index), page, to: staging)
                }
            }
            for run in objectRuns {
                for index in 0..<run.pageCount where run.copy(index, to: page) {
                    try last.add(run.number + UInt64(index), page, to: staging)
                }
            }
        }
    }

    /// Adds the pages that are in memory, whoever put them there (mincore(2)). Asking the page table would leave out
    /// what only others have touched, and reading would make pages where there are none.
    private static func appendResident(_ area: VirtualMemoryArea, to runs: inout [DirtyRun]) throws(TrackerError) {
        if State.hostHasSwap() { return runs.append(DirtyRun(area.range, in: area)) }
        try withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 4096) { residence throws(TrackerError) in
            var address = area.range.start
            while address < area.range.end {
                let end = min(area.range.end, address + UInt64(residence.count) * pageSize)
                let result = hostCall(__NR_mincore, address, end - address, UInt64(address: residence.baseAddress))
                if result < 0 {
                    throw TrackerError("shared memory at \(area.range) cannot be looked at", errno: Int32(-result))
                }
                for index in 0..<Int((end - address) / pageSize) where residence[index] & 1 != 0 {
                    let start = address + UInt64(index) * pageSize
                    let page = DirtyRun(AddressRange(start: start, count: pageSize), in: area)
                    if let last = runs.indices.last, runs[last].isFollowed(by: page) {
                        runs[last].pageCount += 1
                    } else {
                        runs.append(page)
                    }
                }
                address = end
            }
        }
    }
}
