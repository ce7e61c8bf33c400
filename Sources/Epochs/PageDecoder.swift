/// Makes pages of what was encoded. Reads nothing but the payload and the bases, and writes to memory of its own.
final class PageDecoder {
    /// Copies a page's 4096 bytes as they were at the end of the last epoch; false where there is no such page.
    typealias Base = (UInt64, UnsafeMutableRawPointer) -> Bool

    private let page: UnsafeMutableRawPointer
    private let block: UnsafeMutableRawPointer

    init() {
        page = .allocate(byteCount: PageCoding.pageByteCount, alignment: 64)
        block = .allocate(byteCount: PageCoding.pageByteCount, alignment: 64)
    }

    deinit {
        block.deallocate()
        page.deallocate()
    }

    /// Reads the page at the payload's `offset` and moves `offset` on. The page is good until the next call.
    func decode(
        _ payload: UnsafeRawBufferPointer, at offset: inout Int, base: Base
    ) throws(WireError) -> (number: UInt64, page: UnsafeRawPointer, isUnchanged: Bool) {
        let header = try PageHeader(payload, at: offset)
        offset += PageHeader.byteCount
        let content = UnsafeRawBufferPointer(rebasing: payload[offset..<(offset + header.contentByteCount)])
        offset += header.contentByteCount
        if header.coding.needsBase, !base(header.number, page) {
            throw WireError(.wrongBase, "page \(header.number) has come as a difference, and is not there")
        }
        guard decode(header.coding, content) else { throw .malformed("a page's content") }
        guard Checksum.ofPage(page) == header.checksum else {
            if header.coding.needsBase {
                throw WireError(.wrongBase, "page \(header.number) has come as a difference to something else")
            }
            throw WireError(.badChecksum, "a page's checksum is wrong")
        }
        return (header.number, UnsafeRawPointer(page), header.coding == .unchanged)
    }

    /// Where the coding needs a base, `page` holds it.
    private func decode(_ coding: PageCoding, _ content: UnsafeRawBufferPointer) -> Bool {
        switch coding {
        case .zero:
            clearPage()
            return content.isEmpty
        case .unchanged:
            return content.isEmpty
        case .raw:
            guard content.count == PageCoding.pageByteCount else { return false }
            page.copyMemory(from: content.baseAddress!, byteCount: PageCoding.pageByteCount)
            return true
        case .runs:
            clearPage()
            return PageRuns.apply(content, to: page)
        case .xorRuns:
            return PageRuns.apply(content, to: page)
        case .lz4:
            return PageCompressor.decompress(content, into: page)
        case .xorLZ4:
            guard PageCompressor.decompress(content, into: block) else { return false }
            PageCompressor.xor(block, into: page)
            return true
        }
    }

    private func clearPage() {
        page.initializeMemory(as: UInt8.self, repeating: 0, count: PageCoding.pageByteCount)
    }
}
