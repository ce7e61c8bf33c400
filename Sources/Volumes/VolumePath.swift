public import RecordCoding

/// A place in one of the guest's volumes.
public struct VolumePath: Hashable, Sendable {
    /// The volume's place in the list that both sides agreed on in the handshake.
    public var volume: UInt16
    /// From the volume's directory on, without a leading or trailing slash; empty for the directory itself. No
    /// component but the last is a symbolic link, and none is empty, "." or "..".
    public var relative: [UInt8]

    public init(volume: UInt16, relative: [UInt8]) {
        self.volume = volume
        self.relative = relative
    }

    /// PATH_MAX, which no path that the guest can name is longer than.
    public static let byteCountMax = 4096
    /// NAME_MAX.
    public static let nameByteCountMax = 255

    /// Whether `relative` is what the comment above says, so that it cannot lead out of its volume.
    public var isWellFormed: Bool {
        if relative.isEmpty { return true }
        guard relative.count <= VolumePath.byteCountMax, !relative.contains(0) else { return false }
        return relative.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { name in
            !name.isEmpty && name.count <= VolumePath.nameByteCountMax && !name.elementsEqual(".".utf8)
                && !name.elementsEqual("..".utf8)
        }
    }

    public func write(to writer: inout RecordWriter) {
        writer.put(volume)
        writer.put(relative)
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        volume = try reader.get()
        relative = try reader.getBytes()
        guard isWellFormed else { throw .isMalformed }
    }
}
