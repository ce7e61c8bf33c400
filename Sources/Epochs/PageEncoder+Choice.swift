/// Which coding a page gets: the shortest of those that are tried.
extension PageEncoder {
    /// Runs of no more bytes are taken without looking for anything shorter.
    private static let fewRunBytes = 64

    /// The shortest content so far, which is at `target`; nothing is there while it is raw.
    private struct Best {
        let target: UnsafeMutableRawPointer
        var coding = PageCoding.raw
        var byteCount = PageCoding.pageByteCount

        init(target: UnsafeMutableRawPointer) {
            self.target = target
        }

        mutating func offer(_ coding: PageCoding, _ content: UnsafeRawBufferPointer) {
            guard content.count < byteCount, let start = content.baseAddress else { return }
            target.copyMemory(from: start, byteCount: content.count)
            self.coding = coding
            byteCount = content.count
        }
    }

    /// Writes a page's content to `target`, and what that is to `header`. Where there is a base, it was compared last.
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
            if base == nil { _ = difference.compare(page, zeros) }
            offerShortest(page, base, &experience, &best)
        }
        if best.coding == .raw { target.copyMemory(from: page, byteCount: PageCoding.pageByteCount) }
        header.coding = best.coding
        header.contentByteCount = best.byteCount
    }

    private func offerShortest(
        _ page: UnsafeRawPointer, _ base: UnsafeRawPointer?, _ experience: inout PageExperience, _ best: inout Best
    ) {
        let runs: PageCoding = base == nil ? .runs : .xorRuns
        if difference.changedBlockCount <= 16 {
            offer(runs, page, base, &best)
            if best.byteCount <= PageEncoder.fewRunBytes { return }
        }
        if let favourite = experience.favourite, favourite.needsBase == (base != nil) {
            offer(favourite, page, base, &best)
            if experience.isContent(with: best.byteCount) { return experience.noteFavouriteTaken() }
        }
        offer(runs, page, base, &best)
        if base != nil { offer(.xorLZ4, page, base, &best) }
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
                difference, page, base ?? UnsafeRawPointer(zeros), to: runs, byteCountMax: best.byteCount - 1)
            if let count { best.offer(coding, UnsafeRawBufferPointer(start: runs, count: count)) }
        }
    }
}
