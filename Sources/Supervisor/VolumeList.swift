import Epochs
import RecordCoding
import Transport

/// A list that may be longer than a frame: each of its frames says first whether it is the last, then come elements
/// (docs/format.md).
struct VolumeList {
    private let link: LinkSocket
    private let kind: FrameKind
    private var fields = VolumeList.begun()

    /// What a frame has, about.
    private static let frameByteCount = 1 << 20

    /// An empty one, of which nothing is sent yet.
    init(_ kind: FrameKind, to link: LinkSocket) {
        self.kind = kind
        self.link = link
    }

    private static func begun() -> RecordWriter {
        var fields = RecordWriter()
        fields.put(false)
        return fields
    }

    /// Adds the element that `write` writes.
    mutating func append(_ write: (inout RecordWriter) -> Void) throws(TransportError) {
        write(&fields)
        guard fields.bytes.count >= VolumeList.frameByteCount else { return }
        try link.send(Frame(kind: kind, payload: fields.bytes))
        fields = VolumeList.begun()
    }

    /// The last frame, which may be without elements.
    func end() throws(TransportError) {
        try link.send(Frame(kind: kind, payload: [1] + fields.bytes.dropFirst()))
    }

    /// Reads the elements of one frame; true where it is the last.
    static func read(_ frame: FrameReader.Received, element: (inout RecordReader) throws -> Void) throws -> Bool {
        var fields = RecordReader(Array(frame.payload))
        let isLast = try fields.getFlag()
        while fields.remaining > 0 { try element(&fields) }
        return isLast
    }
}
