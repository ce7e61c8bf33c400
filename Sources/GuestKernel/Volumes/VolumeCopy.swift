import CGuestEntry
import Glibc
import GuestMemory

/// copy_file_range, sendfile and splice into a file of a volume: by reading and writing, so that the bytes are known.
enum VolumeCopy {
    /// The source's bytes, of which there may be fewer, and where the next ones are written.
    static func copy(
        _ thread: GuestThread, from source: FileDescription, _ from: CopyOffset, to target: FileDescription,
        _ volume: VolumeFile, _ to: CopyOffset, _ count: Int, isBlocking: Bool
    ) -> Int {
        TransferCalls.inPieces(thread, count) { done, length in
            let full = volume.journal.waitForRoom(thread)
            if full != 0 { return full }
            var filled = 0
            let bytes = [UInt8](unsafeUninitializedCapacity: length) { buffer, count in
                let position = from.given.map { UInt64(bitPattern: $0) + UInt64(done) }
                filled = read(thread, source, position, buffer, isBlocking)
                count = max(0, filled)
            }
            if filled <= 0 { return filled }
            let position = to.given.map { UInt64(bitPattern: $0) + UInt64(done) }
            let written = VolumeTransfer.put(target, volume, bytes, position: position)
            if written < filled, !from.isGiven, !source.mayWait {
                // What was not written is read again.
                hostCall(
                    __NR_lseek, UInt64(signed: source.hostFD), UInt64(signed: max(0, written) - filled),
                    UInt64(SEEK_CUR))
            }
            return written
        }
    }

    private static func read(
        _ thread: GuestThread, _ source: FileDescription, _ position: UInt64?,
        _ buffer: UnsafeMutableBufferPointer<UInt8>, _ isBlocking: Bool
    ) -> Int {
        let descriptor = UInt64(signed: source.hostFD)
        let (address, count) = (UInt64(address: buffer.baseAddress), UInt64(buffer.count))
        if let position {
            return retryingInterrupts { hostCall(__NR_pread64, descriptor, address, count, position) }
        }
        if !source.mayWait { return retryingInterrupts { hostCall(__NR_read, descriptor, address, count) } }
        return thread.performBlocking(source, events: Int16(POLLIN), isBlocking: isBlocking) {
            hostCall(__NR_read, descriptor, address, count)
        }
    }

    /// What the host says before it moves a byte (generic_copy_file_checks in fs/read_write.c): 0, or why not.
    static func rangeRefusal(
        _ source: FileDescription, _ from: CopyOffset, _ target: FileDescription, _ to: CopyOffset, _ count: Int,
        flags: UInt64
    ) -> Int {
        let checked = from.withHostCopy(advancedBy: 0) { sourceOffset in
            to.withHostCopy(advancedBy: 0) { targetOffset in
                hostCall(
                    __NR_copy_file_range, UInt64(signed: source.hostFD), sourceOffset, UInt64(signed: target.hostFD),
                    targetOffset, 0, flags)
            }
        }
        if checked < 0 { return checked }
        var (first, second) = (stat(), stat())
        fstat(source.hostFD, &first)
        fstat(target.hostFD, &second)
        guard first.st_dev == second.st_dev, first.st_ino == second.st_ino else { return 0 }
        let start = from.given ?? Int64(hostCall(__NR_lseek, UInt64(signed: source.hostFD), 0, UInt64(SEEK_CUR)))
        let end = to.given ?? Int64(hostCall(__NR_lseek, UInt64(signed: target.hostFD), 0, UInt64(SEEK_CUR)))
        let length = min(Int64(count), max(0, Int64(first.st_size) - start))
        let (behind, overflow) = end.addingReportingOverflow(length)
        if overflow { return failed(EOVERFLOW) }
        return length > 0 && start < behind && end < start + length ? failed(EINVAL) : 0
    }

    /// What splice and sendfile say to a file: that it is not to be appended to (do_splice in fs/splice.c).
    static func pipeRefusal(_ target: FileDescription) -> Int {
        let flags = target.statusFlags.load(ordering: .relaxed)
        if flags & O_ACCMODE == O_RDONLY { return failed(EBADF) }
        return flags & O_APPEND == 0 ? 0 : failed(EINVAL)
    }
}
