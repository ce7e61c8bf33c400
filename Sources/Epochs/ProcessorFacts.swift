import RecordCoding

/// What a side's CPU offers to user code, and how its XSAVE area is laid out.
public struct ProcessorFacts: Equatable, Sendable {
    public struct Component: Equatable, Sendable {
        public var number: UInt32
        public var offset: UInt32
        public var byteCount: UInt32

        public init(number: UInt32, offset: UInt32, byteCount: UInt32) {
            self.number = number
            self.offset = offset
            self.byteCount = byteCount
        }
    }

    /// XCR0, as far as guests have it.
    public var xsaveMask: UInt64
    public var xsaveByteCount: UInt32
    /// The state components beyond x87 and SSE (SDM vol. 1, 13.5).
    public var components: [Component]
    /// CPUID's feature words.
    public var featureWords: [UInt32]

    public init(xsaveMask: UInt64, xsaveByteCount: UInt32, components: [Component], featureWords: [UInt32]) {
        self.xsaveMask = xsaveMask
        self.xsaveByteCount = xsaveByteCount
        self.components = components
        self.featureWords = featureWords
    }

    /// Why a guest of `other`'s cannot go on here; nil where it can.
    func refusal(ofGuestFrom other: ProcessorFacts) -> String? {
        let missing = other.xsaveMask & ~xsaveMask
        if missing != 0 {
            let bits = String(missing, radix: 16)
            return "this mirror's CPU lacks vector state that the primary's has (components 0x\(bits))"
        }
        for component in other.components where !components.contains(component) {
            return "this mirror's CPU keeps state component \(component.number) at another place than the primary's"
        }
        guard other.featureWords.count == featureWords.count else { return "the CPUs' features cannot be compared" }
        for (index, word) in other.featureWords.enumerated() where word & ~featureWords[index] != 0 {
            let bits = String(word & ~featureWords[index], radix: 16)
            return "this mirror's CPU lacks features that the primary's has (word \(index), bits 0x\(bits))"
        }
        return nil
    }

    func write(to writer: inout RecordWriter) {
        writer.put(xsaveMask)
        writer.put(xsaveByteCount)
        writer.putAll(components) { writer, component in
            writer.put(component.number)
            writer.put(component.offset)
            writer.put(component.byteCount)
        }
        writer.putAll(featureWords) { $0.put($1) }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        xsaveMask = try reader.get()
        xsaveByteCount = try reader.get()
        components = try reader.getAll { reader throws(RecordError) in
            Component(number: try reader.get(), offset: try reader.get(), byteCount: try reader.get())
        }
        featureWords = try reader.getAll { reader throws(RecordError) in try reader.get(UInt32.self) }
    }
}
