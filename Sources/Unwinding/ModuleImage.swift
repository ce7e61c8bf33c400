/// A program or library as it lies in memory: what its ELF header and program headers say of it.
public struct ModuleImage: Sendable {
    struct Segment {
        let start: UInt64
        let end: UInt64
        let isExecutable: Bool
        let isWritable: Bool
    }

    /// What is added to the file's addresses.
    public let bias: UInt64
    /// The address of `.eh_frame_hdr`; nil where the linker made none.
    public let unwindHeader: UInt64?
    let segments: [Segment]

    private static let magic: UInt32 = 0x464c_457f
    private static let loadType: UInt32 = 1
    private static let unwindHeaderType: UInt32 = 0x6474_e550  // PT_GNU_EH_FRAME
    private static let headerByteCount: UInt64 = 56
    private static let headerCountMax: UInt16 = 64
    private static let headersOffsetMax: UInt64 = 1 << 20
    private static let pageByteCount: UInt64 = 4096

    /// The module whose first byte is at `base`; nil where that does not look like one.
    public init?(at base: UInt64, in memory: MemoryReader) {
        guard memory.load(UInt32.self, at: base) == ModuleImage.magic,
            let headersOffset = memory.load(UInt64.self, at: base &+ 32),
            headersOffset < ModuleImage.headersOffsetMax,
            let count = memory.load(UInt16.self, at: base &+ 56), count <= ModuleImage.headerCountMax
        else { return nil }
        var bias: UInt64?
        var header: UInt64?
        var segments: [Segment] = []
        for index in 0..<UInt64(count) {
            let entry = base &+ headersOffset &+ index * ModuleImage.headerByteCount
            guard let type = memory.load(UInt32.self, at: entry), let flags = memory.load(UInt32.self, at: entry &+ 4),
                let offset = memory.load(UInt64.self, at: entry &+ 8),
                let address = memory.load(UInt64.self, at: entry &+ 16),
                let byteCount = memory.load(UInt64.self, at: entry &+ 32)
            else { return nil }
            if type == ModuleImage.unwindHeaderType { header = address }
            guard type == ModuleImage.loadType else { continue }
            if offset == 0, bias == nil {
                bias = base &- address / ModuleImage.pageByteCount * ModuleImage.pageByteCount
            }
            segments.append(
                Segment(
                    start: address, end: address &+ byteCount, isExecutable: flags & 1 != 0,
                    isWritable: flags & 2 != 0))
        }
        guard let bias else { return nil }
        self.bias = bias
        unwindHeader = header.map { bias &+ $0 }
        self.segments = segments.map {
            Segment(
                start: bias &+ $0.start, end: bias &+ $0.end, isExecutable: $0.isExecutable, isWritable: $0.isWritable)
        }
    }

    func isExecutable(_ address: UInt64) -> Bool {
        segments.contains { $0.isExecutable && address >= $0.start && address < $0.end }
    }
}
