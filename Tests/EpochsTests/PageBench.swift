@testable import Epochs

/// An encoder of pages with a history of its own, and a decoder, in the terms of tests: arrays.
final class PageBench {
    private let storage: UnsafeMutableRawBufferPointer
    let encoder: PageEncoder
    let decoder = PageDecoder()

    /// - Parameter pageCountMax: how many pages the history has room for.
    init(_ compression: Compression, isLinkFast: Bool = false, pageCountMax: Int = 16) {
        storage = PageBench.makeStorage(pageCountMax: pageCountMax)
        encoder = PageEncoder(compression, isLinkFast: isLinkFast, history: PageHistory(storage: storage))
    }

    deinit {
        storage.deallocate()
    }

    static func makeStorage(pageCountMax: Int) -> UnsafeMutableRawBufferPointer {
        let byteCount = (pageCountMax + 1) * PageHistory.byteCountPerPage
        let storage = UnsafeMutableRawBufferPointer.allocate(byteCount: byteCount, alignment: PageCoding.pageByteCount)
        storage.initializeMemory(as: UInt8.self, repeating: 0)
        return storage
    }

    /// The page with its header. What lies behind has to stay as it is.
    func encode(_ number: UInt64, _ page: [UInt8], epoch: UInt64) -> [UInt8] {
        let guarded = 64
        var target = [UInt8](repeating: 0xa5, count: PageHeader.withContentByteCountMax + guarded)
        let count = target.withUnsafeMutableBytes { target in
            page.withUnsafeBytes { page in
                encoder.encode(number, page.baseAddress!, epoch: epoch, to: target.baseAddress!)
            }
        }
        precondition(count <= PageHeader.withContentByteCountMax, "a page takes \(count) bytes")
        precondition(target.suffix(guarded).allSatisfy { $0 == 0xa5 }, "written behind the end")
        return Array(target.prefix(count))
    }

    /// Makes a page of it again; throws also where not all of it is used.
    func decode(_ encoded: [UInt8], base: [UInt8]?) throws -> (number: UInt64, page: [UInt8]) {
        // A copy that ends with the payload, so that an address sanitizer sees what is read behind it.
        let payload = UnsafeMutableRawBufferPointer.allocate(byteCount: encoded.count, alignment: 1)
        defer { payload.deallocate() }
        payload.copyBytes(from: encoded)
        var offset = 0
        let (number, page, _) = try decoder.decode(UnsafeRawBufferPointer(payload), at: &offset) { _, target in
            guard let base else { return false }
            target.copyMemory(from: base, byteCount: base.count)
            return true
        }
        guard offset == encoded.count else { throw WireError(.tooLong, "only \(offset) bytes were used") }
        return (number, Array(UnsafeRawBufferPointer(start: page, count: PageCoding.pageByteCount)))
    }

    static func coding(of encoded: [UInt8]) -> PageCoding? {
        encoded.count < PageHeader.byteCount ? nil : PageCoding(rawValue: encoded[5])
    }
}
