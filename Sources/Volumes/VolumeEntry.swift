public import RecordCoding

/// A name in a volume and all that is known of what it names, but for a regular file's bytes.
public struct VolumeEntry: Equatable, Sendable {
    public struct Attribute: Equatable, Sendable {
        public var name: [UInt8]
        public var value: [UInt8]

        public init(name: [UInt8], value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    /// Which file it is, so that hard links are known for what they are.
    public struct File: Hashable, Sendable {
        public var device: UInt64
        public var inode: UInt64

        public init(device: UInt64, inode: UInt64) {
            self.device = device
            self.inode = inode
        }
    }

    /// What a name may lead to.
    public enum Kind: Equatable, Sendable {
        case directory
        case regular(byteCount: UInt64)
        case symbolicLink(target: [UInt8])
        /// A FIFO, socket or device: the S_IFMT part of its mode.
        case node(UInt32, device: UInt64)
    }

    public var path: VolumePath
    public var kind: Kind
    public var file: File
    /// How many names the file has, in the volume or elsewhere.
    public var linkCount: UInt64
    public var ownership: FileOperation.Ownership
    public var times: FileOperation.Times
    /// Extended attributes, by their names.
    public var attributes: [Attribute]

    public init(
        path: VolumePath, kind: Kind, file: File, linkCount: UInt64 = 1, ownership: FileOperation.Ownership,
        times: FileOperation.Times, attributes: [Attribute] = []
    ) {
        self.path = path
        self.kind = kind
        self.file = file
        self.linkCount = linkCount
        self.ownership = ownership
        self.times = times
        self.attributes = attributes
    }

    public var isDirectory: Bool { kind == .directory }

    func has(_ attribute: String) -> Bool {
        attributes.contains { $0.name.elementsEqual(attribute.utf8) }
    }

    // MARK: - As bytes

    public func write(to writer: inout RecordWriter) {
        path.write(to: &writer)
        switch kind {
        case .directory: writer.put(UInt8(1))
        case .regular(let byteCount):
            writer.put(UInt8(2))
            writer.put(byteCount)
        case .symbolicLink(let target):
            writer.put(UInt8(3))
            writer.put(target)
        case .node(let kind, let device):
            writer.put(UInt8(4))
            writer.put(kind)
            writer.put(device)
        }
        writer.put(file.device)
        writer.put(file.inode)
        writer.put(linkCount)
        ownership.write(to: &writer)
        writer.put(times.accessNanoseconds)
        writer.put(times.modificationNanoseconds)
        writer.putAll(attributes) { writer, attribute in
            writer.put(attribute.name)
            writer.put(attribute.value)
        }
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        path = try VolumePath(from: &reader)
        switch try reader.get(UInt8.self) {
        case 1: kind = .directory
        case 2: kind = .regular(byteCount: try reader.get())
        case 3: kind = .symbolicLink(target: try FileOperation.linkTarget(&reader))
        case 4: kind = .node(try FileOperation.nodeKind(&reader), device: try reader.get())
        default: throw .isMalformed
        }
        if case .regular(let byteCount) = kind, byteCount > UInt64(Int64.max) { throw .isMalformed }
        file = File(device: try reader.get(), inode: try reader.get())
        linkCount = try reader.get()
        ownership = try FileOperation.Ownership(from: &reader)
        times = FileOperation.Times(
            accessNanoseconds: try reader.get(), modificationNanoseconds: try reader.get())
        attributes = try reader.getAll { reader throws(RecordError) in
            Attribute(
                name: try FileOperation.attributeName(&reader), value: try FileOperation.attributeValue(&reader))
        }
    }
}

extension VolumePath: Comparable {
    /// A directory before what is in it.
    public static func < (left: VolumePath, right: VolumePath) -> Bool {
        if left.volume != right.volume { return left.volume < right.volume }
        return left.relative.lexicographicallyPrecedes(right.relative)
    }

    /// The directory that it is in; nil for the volume's own.
    public var parent: VolumePath? {
        if relative.isEmpty { return nil }
        let slash = relative.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return VolumePath(volume: volume, relative: Array(relative[..<slash]))
    }
}
