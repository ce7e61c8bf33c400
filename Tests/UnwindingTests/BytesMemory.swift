import Unwinding

/// Memory that is made of runs of bytes, each filled up with zeros to whole pages.
///
/// Sound as `@unchecked Sendable`: each is one test's own.
final class BytesMemory: @unchecked Sendable {
    struct Region {
        let start: UInt64
        var bytes: [UInt8]
    }

    /// The lowest first.
    private(set) var regions: [Region]

    init(_ regions: [Region]) {
        self.regions = regions.sorted { $0.start < $1.start }.map { region in
            let rest = (4096 - region.bytes.count % 4096) % 4096
            return Region(start: region.start, bytes: region.bytes + [UInt8](repeating: 0, count: rest))
        }
    }

    convenience init(_ bytes: [UInt8], at start: UInt64) {
        self.init([Region(start: start, bytes: bytes)])
    }

    var reader: MemoryReader {
        MemoryReader { address, buffer in self.copy(address, to: buffer) }
    }

    /// Within one region only, as what is not read in one piece in earnest is not in a test either.
    private func copy(_ address: UInt64, to buffer: UnsafeMutableRawBufferPointer) -> Bool {
        var (low, high) = (0, regions.count)
        while low < high {
            let middle = (low + high) / 2
            if regions[middle].start <= address { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return false }
        let region = regions[low - 1]
        let offset = address - region.start
        guard offset <= UInt64(region.bytes.count), buffer.count <= region.bytes.count - Int(offset) else {
            return false
        }
        region.bytes.withUnsafeBytes {
            buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[Int(offset)..<Int(offset) + buffer.count]))
        }
        return true
    }

    /// Changes one byte of a region.
    func setByte(_ offset: Int, ofRegion index: Int, to value: UInt8) {
        regions[index].bytes[offset] = value
    }
}
