import CGuestEntry
import Glibc
import GuestMemory

/// What the parent of vfork waits on: a pipe that only its child can write to. It is at its end once the child has
/// another program, or is gone.
final class ParentHold: @unchecked Sendable {
    // Sound as unchecked: `writeEnd` is changed by the thread that forks, before anybody else has the object.
    let readEnd: Int32
    private(set) var writeEnd: Int32

    init?() {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { ends in
            hostCall(__NR_pipe2, UInt64(address: ends.baseAddress), UInt64(O_CLOEXEC))
        }
        guard result == 0 else { return nil }
        (readEnd, writeEnd) = ends
    }

    deinit {
        closeWriteEnd()
        hostCall(__NR_close, UInt64(signed: readEnd))
    }

    /// In the child: brings back a change of the memory that it was lent. Both are of one build, and of one machine.
    static func send(_ change: AddressSpace.Change, _ writeEnd: Int32) {
        var message = withUnsafeBytes(of: (change.address, UInt64(change.bytes.count))) { Array($0) }
        message += change.bytes
        // A parent that is gone has no use for it.
        _ = OutputEmission.write(message, to: writeEnd, patienceMilliseconds: -1)
    }

    /// In the parent, when there is something to read: takes the changes in `received` that are whole, and does them.
    /// False at the end.
    func receive(_ received: inout [UInt8]) -> Bool {
        var piece = [UInt8](repeating: 0, count: 65_536)
        let count = retryingInterrupts {
            hostCall(__NR_read, UInt64(signed: readEnd), UInt64(address: &piece), UInt64(piece.count))
        }
        guard count > 0 else { return false }
        received += piece.prefix(count)
        let headByteCount = 16
        var start = 0
        while received.count - start >= headByteCount {
            let (address, byteCount) = received.withUnsafeBytes { bytes in
                bytes.loadUnaligned(fromByteOffset: start, as: (UInt64, UInt64).self)
            }
            let end = start + headByteCount + Int(byteCount)
            if end > received.count { break }
            _ = GuestAccess.storeArray(Array(received[(start + headByteCount)..<end]), at: address)
            start = end
        }
        received.removeFirst(start)
        return true
    }

    /// In the parent, once the child has it.
    func closeWriteEnd() {
        if writeEnd >= 0 { hostCall(__NR_close, UInt64(signed: writeEnd)) }
        writeEnd = -1
    }
}
