import CGuestEntry
import Glibc
import GuestMemory
import Volumes

/// Writes to the files of volumes. The bytes are copied out of guest memory first: what goes to the file and what goes
/// to the mirror are the same, whatever other threads do to the buffer meanwhile.
enum VolumeTransfer {
    // RWF_* (linux/fs.h).
    private static let synchronousFlags: UInt64 = 2 | 4
    /// libc's name for it is not seen from Swift (asm-generic/fcntl.h).
    private static let directFlag: Int32 = 0o40000
    private static let synchronousStatusFlags: Int32 = O_SYNC | O_DSYNC

    /// Every kind of write. `position` is nil for the file's own; `flags` are pwritev2's.
    static func write(
        _ thread: GuestThread, _ file: FileDescription, _ volume: VolumeFile, _ pieces: IOVectors,
        position: UInt64? = nil, flags: UInt64 = 0
    ) -> Int {
        var rest = pieces
        if thread.waiter.progress > 0 { rest.drop(thread.waiter.progress) }
        return TransferCalls.inPieces(thread, pieces.byteCount) { done, length in
            let full = volume.journal.waitForRoom(thread)
            if full != 0 { return full }
            var copied = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                if let base = buffer.baseAddress { copied = rest.copy(to: base, byteCount: length) }
                count = max(0, copied)
            }
            // Nothing is asked for, or nothing could be read: the host knows what that comes to.
            if copied < 0 { return copied }
            let written = put(file, volume, bytes, position: position.map { $0 + UInt64(done) }, flags: flags)
            if written > 0 { rest.drop(written) }
            return written
        }
    }

    /// Writes bytes of the supervisor's, and records them.
    static func put(
        _ file: FileDescription, _ volume: VolumeFile, _ bytes: [UInt8], position: UInt64?, flags: UInt64 = 0
    ) -> Int {
        volume.journal.perform { state in
            let result = act(file, bytes, position, flags)
            guard result > 0 else { return result }
            let end = end(file, after: result, position, flags)
            let written = result == bytes.count ? bytes : Array(bytes.prefix(result))
            volume.journal.record(.write(.handle(volume.handle), offset: end - UInt64(result), written), in: &state)
            if isSynchronous(file, flags) { volume.journal.record(.synchronise, in: &state) }
            volume.journal.noteTouched(volume.handle, file.hostFD, in: &state)
            return result
        }
    }

    private static func act(_ file: FileDescription, _ bytes: [UInt8], _ position: UInt64?, _ flags: UInt64) -> Int {
        bytes.withUnsafeBytes { bytes in
            if file.statusFlags.load(ordering: .relaxed) & directFlag == 0 { return act(file, bytes, position, flags) }
            // A disk takes them from its own alignment only (open(2)), which an array does not have.
            return withUnsafeTemporaryAllocation(byteCount: bytes.count, alignment: Int(pageSize)) { aligned in
                aligned.copyMemory(from: bytes)
                return act(file, UnsafeRawBufferPointer(aligned), position, flags)
            }
        }
    }

    private static func act(
        _ file: FileDescription, _ bytes: UnsafeRawBufferPointer, _ position: UInt64?, _ flags: UInt64
    ) -> Int {
        var vector = iovec(iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        return retryingInterrupts {
            hostCall(
                __NR_pwritev2, UInt64(signed: file.hostFD), UInt64(address: &vector), 1, position ?? .max, 0, flags)
        }
    }

    /// Where a write has ended. One that appends goes to the file's end whatever its position; all that changes the
    /// file's size is done under the journal's lock.
    private static func end(
        _ file: FileDescription, after byteCount: Int, _ position: UInt64?, _ flags: UInt64
    ) -> UInt64 {
        let (appendFlag, noAppendFlag): (UInt64, UInt64) = (16, 32)
        let isAppending = file.statusFlags.load(ordering: .relaxed) & O_APPEND != 0
        let appends = flags & appendFlag != 0 || isAppending && flags & noAppendFlag == 0
        if appends {
            var status = stat()
            fstat(file.hostFD, &status)
            return UInt64(status.st_size)
        }
        if let position { return position + UInt64(byteCount) }
        return UInt64(max(byteCount, hostCall(__NR_lseek, UInt64(signed: file.hostFD), 0, UInt64(SEEK_CUR))))
    }

    private static func isSynchronous(_ file: FileDescription, _ flags: UInt64) -> Bool {
        flags & synchronousFlags != 0
            || file.statusFlags.load(ordering: .relaxed) & synchronousStatusFlags != 0
    }
}
