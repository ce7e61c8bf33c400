import RecordCoding

/// A frame's payload with a fixed shape.
public protocol WireMessage: Sendable {
    static var kind: FrameKind { get }
    func write(to writer: inout RecordWriter)
    init(from reader: inout RecordReader) throws(RecordError)
}

extension WireMessage {
    /// The whole frame.
    public var frame: Frame {
        var writer = RecordWriter()
        write(to: &writer)
        return Frame(kind: Self.kind, payload: writer.bytes)
    }

    /// Reads a payload whose frame was checked.
    public init(payload: UnsafeRawBufferPointer) throws(WireError) {
        do throws(RecordError) {
            var reader = RecordReader(Array(payload))
            try self.init(from: &reader)
            try reader.finish()
        } catch {
            throw .malformed("a frame of kind \(Self.kind)")
        }
    }
}
