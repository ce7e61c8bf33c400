import Glibc

/// Descriptors as a control message of sendmsg(2): struct cmsghdr and its macros, which Swift does not show (cmsg(3)).
enum ControlMessage {
    /// size_t cmsg_len, int cmsg_level, int cmsg_type.
    private static let headerByteCount = 16
    private static let levelOffset = 8
    private static let typeOffset = 12

    /// CMSG_SPACE.
    static func byteCount(descriptors count: Int) -> Int {
        headerByteCount + aligned(count * 4)
    }

    private static func aligned(_ byteCount: Int) -> Int { (byteCount + 7) & ~7 }

    /// Writes one that holds `descriptors`. `buffer` has `byteCount(descriptors:)` bytes.
    static func write(_ descriptors: [Int32], to buffer: UnsafeMutableRawBufferPointer) {
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
        buffer.storeBytes(of: headerByteCount + descriptors.count * 4, as: Int.self)
        buffer.storeBytes(of: SOL_SOCKET, toByteOffset: levelOffset, as: Int32.self)
        buffer.storeBytes(of: Int32(SCM_RIGHTS), toByteOffset: typeOffset, as: Int32.self)
        for (index, descriptor) in descriptors.enumerated() {
            buffer.storeBytes(of: descriptor, toByteOffset: headerByteCount + index * 4, as: Int32.self)
        }
    }

    /// All descriptors in what recvmsg(2) has left in `buffer`. They are this process's now, whatever else is wrong.
    static func descriptors(in buffer: UnsafeRawBufferPointer) -> [Int32] {
        var found: [Int32] = []
        var offset = 0
        while buffer.count - offset >= headerByteCount {
            let length = buffer.load(fromByteOffset: offset, as: Int.self)
            guard length >= headerByteCount, length <= buffer.count - offset else { break }
            let level = buffer.load(fromByteOffset: offset + levelOffset, as: Int32.self)
            let type = buffer.load(fromByteOffset: offset + typeOffset, as: Int32.self)
            if level == SOL_SOCKET, type == Int32(SCM_RIGHTS) {
                for index in 0..<((length - headerByteCount) / 4) {
                    found.append(buffer.load(fromByteOffset: offset + headerByteCount + index * 4, as: Int32.self))
                }
            }
            offset += aligned(length)
        }
        return found
    }
}
