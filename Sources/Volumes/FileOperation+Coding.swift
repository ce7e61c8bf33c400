public import RecordCoding

extension FileOperation {
    /// What stands before an operation's fields. The numbers travel: one that has been given out keeps its meaning.
    private enum Tag: UInt8 {
        case createFile = 1
        case makeDirectory, makeSymbolicLink, makeNode, link, rename, removeFile, removeDirectory
        case open, openNameless, close
        case write, truncate, allocate
        case setMode, setOwner, setTimes, setAttribute, removeAttribute, setFlags
        case synchronise
    }

    private static let modeMask: UInt32 = 0o7777

    public func write(to writer: inout RecordWriter) {
        writer.put(tag.rawValue)
        switch self {
        case .createFile(let path, let ownership), .makeDirectory(let path, let ownership):
            path.write(to: &writer)
            ownership.write(to: &writer)
        case .makeSymbolicLink(let path, let target, let ownership):
            path.write(to: &writer)
            writer.put(target)
            ownership.write(to: &writer)
        case .makeNode(let path, let kind, let device, let ownership):
            path.write(to: &writer)
            writer.put(kind)
            writer.put(device)
            ownership.write(to: &writer)
        case .link(let target, let path):
            target.write(to: &writer)
            path.write(to: &writer)
        case .rename(let from, let to, let flags):
            from.write(to: &writer)
            to.write(to: &writer)
            writer.put(flags)
        case .removeFile(let path), .removeDirectory(let path): path.write(to: &writer)
        case .open(let handle, let path):
            writer.put(handle)
            path.write(to: &writer)
        case .openNameless(let handle, let volume, let ownership, let mayBeLinked):
            writer.put(handle)
            writer.put(volume)
            ownership.write(to: &writer)
            writer.put(mayBeLinked)
        case .close(let handle): writer.put(handle)
        case .synchronise: break
        default: writeChange(to: &writer)
        }
    }

    /// The operations on one target.
    private func writeChange(to writer: inout RecordWriter) {
        target?.write(to: &writer)
        switch self {
        case .write(_, let offset, let bytes):
            writer.put(offset)
            writer.put(bytes)
        case .truncate(_, let byteCount): writer.put(byteCount)
        case .allocate(_, let mode, let offset, let byteCount):
            writer.put(mode)
            writer.put(offset)
            writer.put(byteCount)
        case .setMode(_, let mode): writer.put(mode)
        case .setOwner(_, let user, let group):
            writer.put(user)
            writer.put(group)
        case .setTimes(_, let times):
            writer.put(times.accessNanoseconds)
            writer.put(times.modificationNanoseconds)
        case .setAttribute(_, let name, let value):
            writer.put(name)
            writer.put(value)
        case .removeAttribute(_, let name): writer.put(name)
        case .setFlags(_, let flags): writer.put(flags)
        default: break
        }
    }

    public init(from reader: inout RecordReader) throws(RecordError) {
        guard let tag = Tag(rawValue: try reader.get()) else { throw .isMalformed }
        switch tag {
        case .createFile: self = .createFile(try VolumePath(from: &reader), try Ownership(from: &reader))
        case .makeDirectory: self = .makeDirectory(try VolumePath(from: &reader), try Ownership(from: &reader))
        case .makeSymbolicLink:
            let (path, target) = (try VolumePath(from: &reader), try FileOperation.linkTarget(&reader))
            self = .makeSymbolicLink(path, target: target, try Ownership(from: &reader))
        case .makeNode:
            let (path, kind) = (try VolumePath(from: &reader), try FileOperation.nodeKind(&reader))
            self = .makeNode(path, kind: kind, device: try reader.get(), try Ownership(from: &reader))
        case .link: self = .link(try Target(from: &reader), try VolumePath(from: &reader))
        case .rename:
            self = .rename(try VolumePath(from: &reader), try VolumePath(from: &reader), flags: try reader.get())
        case .removeFile: self = .removeFile(try VolumePath(from: &reader))
        case .removeDirectory: self = .removeDirectory(try VolumePath(from: &reader))
        case .open: self = .open(try reader.get(), try VolumePath(from: &reader))
        case .openNameless:
            self = .openNameless(
                try reader.get(), volume: try reader.get(), try Ownership(from: &reader),
                mayBeLinked: try reader.getFlag())
        case .close: self = .close(try reader.get())
        case .synchronise: self = .synchronise
        default: self = try FileOperation.readChange(tag, from: &reader)
        }
    }

    private static func readChange(_ tag: Tag, from reader: inout RecordReader) throws(RecordError) -> FileOperation {
        let target = try Target(from: &reader)
        switch tag {
        case .write:
            let (offset, bytes) = (try reader.get(UInt64.self), try reader.getBytes())
            return .write(target, offset: try length(offset, UInt64(bytes.count)), bytes)
        case .truncate: return .truncate(target, byteCount: try length(try reader.get(), 0))
        case .allocate:
            let (mode, offset) = (try reader.get(UInt32.self), try reader.get(UInt64.self))
            let byteCount = try reader.get(UInt64.self)
            return .allocate(target, mode: mode, offset: try length(offset, byteCount), byteCount: byteCount)
        case .setMode: return .setMode(target, try reader.get(UInt32.self) & modeMask)
        case .setOwner: return .setOwner(target, user: try reader.get(), group: try reader.get())
        case .setTimes:
            let times = Times(accessNanoseconds: try reader.get(), modificationNanoseconds: try reader.get())
            return .setTimes(target, times)
        case .setAttribute:
            return .setAttribute(target, name: try attributeName(&reader), value: try attributeValue(&reader))
        case .removeAttribute: return .removeAttribute(target, name: try attributeName(&reader))
        case .setFlags: return .setFlags(target, try reader.get())
        default: throw .isMalformed
        }
    }

    /// An offset, where what begins there ends within what a file can hold (off_t).
    private static func length(_ offset: UInt64, _ byteCount: UInt64) throws(RecordError) -> UInt64 {
        let (end, overflow) = offset.addingReportingOverflow(byteCount)
        guard !overflow, end <= UInt64(Int64.max) else { throw .isMalformed }
        return offset
    }

    /// What the operations on one target are about.
    private var target: Target? {
        switch self {
        case .write(let target, _, _), .truncate(let target, _), .allocate(let target, _, _, _),
            .setMode(let target, _), .setOwner(let target, _, _), .setTimes(let target, _),
            .setAttribute(let target, _, _), .removeAttribute(let target, _), .setFlags(let target, _):
            return target
        default: return nil
        }
    }

    private var tag: Tag {
        switch self {
        case .createFile: return .createFile
        case .makeDirectory: return .makeDirectory
        case .makeSymbolicLink: return .makeSymbolicLink
        case .makeNode: return .makeNode
        case .link: return .link
        case .rename: return .rename
        case .removeFile: return .removeFile
        case .removeDirectory: return .removeDirectory
        case .open: return .open
        case .openNameless: return .openNameless
        case .close: return .close
        case .write: return .write
        case .truncate: return .truncate
        case .allocate: return .allocate
        case .setMode: return .setMode
        case .setOwner: return .setOwner
        case .setTimes: return .setTimes
        case .setAttribute: return .setAttribute
        case .removeAttribute: return .removeAttribute
        case .setFlags: return .setFlags
        case .synchronise: return .synchronise
        }
    }
}

// MARK: - What a field of a file may hold, in whatever it travels

extension FileOperation {
    private static let kindMask: UInt32 = 0o170000
    /// XATTR_NAME_MAX and XATTR_SIZE_MAX (limits.h).
    private static let attributeNameByteCountMax = 255
    private static let attributeValueByteCountMax = 65_536

    static func linkTarget(_ reader: inout RecordReader) throws(RecordError) -> [UInt8] {
        let target = try reader.getBytes()
        guard 1...VolumePath.byteCountMax ~= target.count, !target.contains(0) else { throw .isMalformed }
        return target
    }

    static func nodeKind(_ reader: inout RecordReader) throws(RecordError) -> UInt32 {
        let kind = try reader.get(UInt32.self)
        guard kind & ~kindMask == 0 else { throw .isMalformed }
        return kind
    }

    static func attributeName(_ reader: inout RecordReader) throws(RecordError) -> [UInt8] {
        let name = try reader.getBytes()
        guard 1...attributeNameByteCountMax ~= name.count, !name.contains(0) else { throw .isMalformed }
        return name
    }

    static func attributeValue(_ reader: inout RecordReader) throws(RecordError) -> [UInt8] {
        let value = try reader.getBytes()
        guard value.count <= attributeValueByteCountMax else { throw .isMalformed }
        return value
    }
}

extension FileOperation.Target {
    fileprivate func write(to writer: inout RecordWriter) {
        switch self {
        case .handle(let handle):
            writer.put(true)
            writer.put(handle)
        case .path(let path):
            writer.put(false)
            path.write(to: &writer)
        }
    }

    fileprivate init(from reader: inout RecordReader) throws(RecordError) {
        self = try reader.getFlag() ? .handle(try reader.get()) : .path(try VolumePath(from: &reader))
    }
}

extension FileOperation.Ownership {
    func write(to writer: inout RecordWriter) {
        writer.put(mode)
        writer.put(user)
        writer.put(group)
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        self.init(mode: try reader.get(UInt32.self) & 0o7777, user: try reader.get(), group: try reader.get())
    }
}
