/// Which coding a page gets: the shortest of those that are tried.
extension PageEncoder {
    /// Runs of no more bytes are taken at once: of a thousand pages with so little to say LZ4 makes two shorter.
    private static let fewRunBytes = 128
    /// In so many blocks of a page runs are looked for before anything else: it takes a tenth of a microsecond.
    private static let fewBlocks = 16
    /// With more, a page travels as it is where the link is fast.
    private static let mostBlocks = 32
    /// Where there is no base, runs beat LZ4 only in pages that are all but empty.
    private static let fewBlocksWithoutBase = 8
    /// What makes a page no shorter than this is not worth the mirror's time: the page travels as it is.
    static let byteCountMax = PageCoding.pageByteCount - 64

    /// The shortest content so far, which is at `target`; nothing is there while it is raw.
    private struct Best {
        let target: UnsafeMutableRawPointer
        var coding = PageCoding.raw
        /// What anything else has to stay below.
        var limit = PageEncoder.byteCountMax + 1

        init(target: UnsafeMutableRawPointer) {
            self.target = target
        }

        var byteCount: Int { coding == .raw ? PageCoding.pageByteCount : limit }

        mutating func offer(_ coding: PageCoding, _ content: UnsafeRawBufferPointer) {
            guard content.count < limit, let start = content.baseAddress else { return }
            target.copyMemory(from: start, byteCount: content.count)
            self.coding = coding
            limit = content.count
        }
    }

    /// Writes a page's content to `target`, and what that is to `header`.
    ///
    /// - Parameter base: what the page was compared with last, or nil.
    func put(
        _ page: UnsafeRawPointer, base: UnsafeRawPointer?, _ experience: inout PageExperience,
        to target: UnsafeMutableRawPointer, _ header: inout PageHeader
    ) {
        var best = Best(target: target)
        switch compression {
        case .off: break
        case .lz4: offer(.lz4, page, base, &best)
        case .xorRuns:
            if base == nil { _ = difference.compare(page, zeros) }
            offer(base == nil ? .runs : .xorRuns, page, base, &best)
        case .xorLZ4: offer(base == nil ? .lz4 : .xorLZ4, page, base, &best)
        case .automatic:
            if isLinkFast {
                offerQuickest(page, base, &best)
            } else if let base {
                offerShortest(page, base, &experience, &best)
            } else {
                offerShortest(page, &best)
            }
        }
        if best.coding == .raw { target.copyMemory(from: page, byteCount: PageCoding.pageByteCount) }
        header.coding = best.coding
        header.contentByteCount = best.byteCount
    }

    /// Runs, where a good part of the page is as it was: sending what they leave out would take longer than finding
    /// them. (A mirror on the same machine has the epochs of a redis of 50 clients that send 16 requests at once sooner
    /// for it: 180 000 requests a second instead of 145 000.)
    private func offerQuickest(_ page: UnsafeRawPointer, _ base: UnsafeRawPointer?, _ best: inout Best) {
        if base == nil { _ = difference.compare(page, zeros) }
        if difference.changedBlockCount > PageEncoder.mostBlocks { return }
        offer(base == nil ? .runs : .xorRuns, page, base, &best)
    }

    private func offerShortest(_ page: UnsafeRawPointer, _ best: inout Best) {
        _ = difference.compare(page, zeros)
        if difference.changedBlockCount <= PageEncoder.fewBlocksWithoutBase {
            offer(.runs, page, nil, &best)
            if best.byteCount <= PageEncoder.fewRunBytes { return }
        }
        offer(.lz4, page, nil, &best)
    }

    private func offerShortest(
        _ page: UnsafeRawPointer, _ base: UnsafeRawPointer, _ experience: inout PageExperience, _ best: inout Best
    ) {
        let isSmall = difference.changedBlockCount <= PageEncoder.fewBlocks
        if isSmall {
            offer(.xorRuns, page, base, &best)
            if best.byteCount <= PageEncoder.fewRunBytes { return }
        }
        if let favourite = experience.favourite {
            offer(favourite, page, base, &best)
            if experience.isContent(with: best.byteCount) { return experience.noteFavouriteTaken() }
        }
        if !isSmall { offer(.xorRuns, page, base, &best) }
        offer(.xorLZ4, page, base, &best)
        offer(.lz4, page, base, &best)
        experience.noteShortest(best.coding, byteCount: best.byteCount)
    }

    private func offer(
        _ coding: PageCoding, _ page: UnsafeRawPointer, _ base: UnsafeRawPointer?, _ best: inout Best
    ) {
        switch coding {
        case .zero, .raw, .unchanged: return
        case .lz4: best.offer(.lz4, compressor.compress(page))
        case .xorLZ4:
            guard let base else { return }
            best.offer(.xorLZ4, compressor.compress(page, xor: base))
        case .runs, .xorRuns:
            let count = PageRuns.encode(
                difference, page, base ?? UnsafeRawPointer(zeros), to: runs, byteCountMax: best.limit - 1)
            if let count { best.offer(coding, UnsafeRawBufferPointer(start: runs, count: count)) }
        }
    }
}
