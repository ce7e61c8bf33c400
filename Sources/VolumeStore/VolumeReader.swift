import CGuestEntry
import Epochs
import Glibc
public import Volumes

/// A regular file's bytes, block by block (`VolumeBlocks`). What lies in a hole is not read.
public struct VolumeReader: ~Copyable {
    private let file: HostFile
    private let text: String
    public let byteCount: UInt64
    private var buffer = [UInt8](repeating: 0, count: VolumeBlocks.byteCount)
    /// From here on the file has data, up to where is not known; before it, from the last block on, there is a hole.
    private var dataStart: UInt64 = 0

    private static let seekData: UInt64 = 3

    /// The file as it is named by an entry of a survey.
    ///
    /// - Parameter asOwner: a mirror reads its own copy whatever a file's mode says, which it changes meanwhile.
    public init(_ path: VolumePath, in places: [VolumePlace], asOwner: Bool) throws(VolumeError) {
        let root = try VolumeRoot(places[Int(path.volume)])
        let text = root.text(path)
        do throws(Errno) {
            let opened = try VolumeReader.open(path, in: root, asOwner: asOwner)
            byteCount = opened.byteCount
            file = HostFile(Int(opened.descriptor))
        } catch {
            throw VolumeError("cannot open \(text)", error)
        }
        self.text = text
    }

    private static func open(
        _ path: VolumePath, in root: VolumeRoot, asOwner: Bool
    ) throws(Errno) -> (descriptor: Int32, byteCount: UInt64) {
        let opened =
            try asOwner ? openAsOwner(path, in: root) : root.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
        let status = try FileAttributes.status(opened.descriptor)
        guard FileContents.isRegular(status) else { throw Errno(EINVAL) }
        return (opened.release(), UInt64(status.st_size))
    }

    private static func openAsOwner(_ path: VolumePath, in root: VolumeRoot) throws(Errno) -> HostFile {
        let found = try root.file(path)
        guard FileContents.isRegular(try FileAttributes.status(found.descriptor)) else { throw Errno(EINVAL) }
        return try FileContents.reopenForReading(found.descriptor)
    }

    public var blockCount: UInt64 { VolumeBlocks.count(byteCount) }

    /// The bytes of a block; nil where it lies in a hole. Blocks are asked for in order.
    public mutating func block(_ index: UInt64) throws(VolumeError) -> [UInt8]? {
        let start = index * UInt64(VolumeBlocks.byteCount)
        let count = Int(min(UInt64(VolumeBlocks.byteCount), byteCount - start))
        do throws(Errno) {
            if dataStart <= start { dataStart = try nextData(from: start) }
            if dataStart >= start + UInt64(count) { return nil }
            var done = 0
            while done < count {
                let descriptor = UInt64(signed: file.descriptor)
                let read = try buffer.withUnsafeMutableBufferPointer { buffer throws(Errno) in
                    try hostCall(
                        __NR_pread64, descriptor, UInt64(address: buffer.baseAddress! + done), UInt64(count - done),
                        start + UInt64(done))
                }
                // Cut short since it was looked at.
                if read == 0 { throw Errno(EIO) }
                done += read
            }
        } catch {
            throw VolumeError("cannot read \(text)", error)
        }
        return Array(buffer.prefix(count))
    }

    /// Where the next data begins; a file system that does not know says that it is here.
    private func nextData(from start: UInt64) throws(Errno) -> UInt64 {
        do throws(Errno) {
            return UInt64(
                try hostCall(__NR_lseek, UInt64(signed: file.descriptor), start, VolumeReader.seekData))
        } catch {
            // Nothing but a hole is left.
            if error.code == ENXIO { return .max }
            if error.code == EINVAL { return start }
            throw error
        }
    }

    /// A block's checksum; 0 for zeros and holes, and for nothing else.
    public static func checksum(_ block: [UInt8]?) -> UInt64 {
        guard let block else { return 0 }
        return block.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return 0 }
            let isZero = bytes[0] == 0 && memcmp(start, start + 1, bytes.count - 1) == 0
            return isZero ? 0 : max(1, Checksum.of(bytes))
        }
    }
}
