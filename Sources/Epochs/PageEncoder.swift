/// Encodes pages, and keeps them as the bases of what comes next.
///
/// What is encoded has to be sent, in this order: a base is a page as it was encoded last, which the mirror has by
/// then.
final class PageEncoder {
    let compression: Compression
    /// Whether bytes cost no more than what copying them takes, as where the mirror is on the same machine.
    let isLinkFast: Bool
    private let history: PageHistory?
    let difference = PageDifference()
    let compressor = PageCompressor()
    let runs: UnsafeMutableRawPointer
    let zeros: UnsafeMutableRawPointer
    private let zerosChecksum: UInt64
    private var tally = PageTally()

    var rememberedPageCount: Int { history?.count ?? 0 }

    init(_ compression: Compression, isLinkFast: Bool = false, history: PageHistory?) {
        self.compression = compression
        self.isLinkFast = isLinkFast
        self.history = compression.usesHistory ? history : nil
        runs = .allocate(byteCount: PageCoding.pageByteCount, alignment: 64)
        zeros = .allocate(byteCount: PageCoding.pageByteCount, alignment: 64)
        zeros.initializeMemory(as: UInt8.self, repeating: 0, count: PageCoding.pageByteCount)
        zerosChecksum = Checksum.ofPage(zeros)
    }

    deinit {
        zeros.deallocate()
        runs.deallocate()
    }

    /// Writes a page with its header to `target`, which has room for `PageHeader.withContentByteCountMax`; returns the
    /// bytes written.
    func encode(
        _ number: UInt64, _ page: UnsafeRawPointer, epoch: UInt64, to target: UnsafeMutableRawPointer
    ) -> Int {
        let slot = history?.slot(of: number)
        var header: PageHeader
        if PageEncoder.isZero(page) {
            // Its next version is as well encoded without a base.
            if let slot { history?.remove(slot) }
            header = PageHeader(number: number, coding: .zero, contentByteCount: 0, checksum: zerosChecksum)
        } else if let history, let slot {
            header = encode(number, page, epoch: epoch, history, slot, to: target + PageHeader.byteCount)
        } else {
            var experience = PageExperience()
            let checksum = Checksum.ofPage(page)
            header = PageHeader(number: number, coding: .raw, contentByteCount: 0, checksum: checksum)
            put(page, base: nil, &experience, to: target + PageHeader.byteCount, &header)
            tally.historyMisses &+= 1
            if let history {
                if history.count == history.capacity { tally.historyEvictions &+= 1 }
                history.insert(number, page, checksum: checksum, epoch: epoch, experience: experience)
            }
        }
        header.write(to: target)
        let byteCount = PageHeader.byteCount + header.contentByteCount
        tally.add(header.coding, byteCount: byteCount)
        return byteCount
    }

    /// A page that a version is known of.
    private func encode(
        _ number: UInt64, _ page: UnsafeRawPointer, epoch: UInt64, _ history: PageHistory, _ slot: PageHistory.Slot,
        to target: UnsafeMutableRawPointer
    ) -> PageHeader {
        let base = history.content(slot)
        // A base is what the mirror had at the end of an epoch, not something between.
        let isUsable = history[slot].epoch < epoch
        if isUsable { tally.historyHits &+= 1 } else { tally.historyMisses &+= 1 }
        if isUsable, !difference.compare(page, base) {
            history[slot].epoch = epoch
            history.touch(slot)
            return PageHeader(
                number: number, coding: .unchanged, contentByteCount: 0, checksum: history[slot].checksum)
        }
        let checksum = Checksum.ofPage(page)
        var header = PageHeader(number: number, coding: .raw, contentByteCount: 0, checksum: checksum)
        put(page, base: isUsable ? base : nil, &history[slot].experience, to: target, &header)
        history.replace(slot, page, checksum: checksum, epoch: epoch)
        return header
    }

    func forget(_ discards: EpochDiscards) {
        history?.remove(discards)
    }

    func forgetEverything() {
        history?.removeAll()
    }

    /// What was counted since this was last asked.
    func takeTally() -> PageTally {
        defer { tally = PageTally() }
        return tally
    }

    private static func isZero(_ page: UnsafeRawPointer) -> Bool {
        for offset in stride(from: 0, to: PageCoding.pageByteCount, by: 8)
        where page.loadUnaligned(fromByteOffset: offset, as: UInt64.self) != 0 {
            return false
        }
        return true
    }
}
