/// The fields of a structure that was captured, by their place in bytes.
extension UnsafeRawBufferPointer {
    func uint16(_ offset: Int) -> UInt16 {
        UInt16(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    func uint32(_ offset: Int) -> UInt32 {
        UInt32(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    func uint64(_ offset: Int) -> UInt64 {
        UInt64(littleEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    func int32(_ offset: Int) -> Int32 { Int32(bitPattern: uint32(offset)) }
    func int64(_ offset: Int) -> Int64 { Int64(bitPattern: uint64(offset)) }

    /// A network address's port and the like: the first byte is the high one.
    func big16(_ offset: Int) -> UInt16 { uint16(offset).byteSwapped }

    /// `count` bytes from `offset` on, as far as there are any.
    func part(_ offset: Int, _ count: Int) -> UnsafeRawBufferPointer {
        let start = Swift.min(offset, self.count)
        return UnsafeRawBufferPointer(
            rebasing: self[start..<start + Swift.min(Swift.max(count, 0), self.count - start)])
    }

    /// What comes before the first NUL.
    var beforeNul: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: self[..<(firstIndex(of: 0) ?? count)])
    }
}
