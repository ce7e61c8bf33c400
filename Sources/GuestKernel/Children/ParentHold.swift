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

    /// In the parent, once the child has it.
    func closeWriteEnd() {
        if writeEnd >= 0 { hostCall(__NR_close, UInt64(signed: writeEnd)) }
        writeEnd = -1
    }
}
