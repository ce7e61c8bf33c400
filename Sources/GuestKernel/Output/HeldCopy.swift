import CGuestEntry
import Glibc
import GuestMemory

/// sendfile, splice, tee and copy_file_range to what is held: the bytes go through the thread's scratch memory into the
/// queue, a bounded piece at a time. Results as `HeldTransfer`'s.
enum HeldCopy {
    private static let pieceByteCountMax = GuestThread.scratchByteCount

    /// Moves up to `count` bytes that `read` gives, until it gives no more. `read` gets the bytes done, and room for
    /// the next; it never waits.
    static func move(
        _ thread: GuestThread, to target: FileDescription, _ hold: HeldStream, from source: FileDescription,
        _ count: Int, isBlocking: Bool, _ read: (Int, UInt64, Int) -> Int
    ) -> Int? {
        while true {
            if hold.passes { return nil }
            let done = thread.waiter.progress
            if done >= count { return done }
            let refusal = refusal(target, hold)
            if refusal == -Int(EAGAIN), isBlocking {
                if let ended = HeldTransfer.waitForHost(thread, target) { return done > 0 ? done : ended }
                continue
            }
            if refusal < 0 { return done > 0 ? done : refusal }
            if hold.isFull {
                if !isBlocking { return done > 0 ? done : failed(EAGAIN) }
                if let ended = HeldTransfer.waitForSpace(thread, target, hold) { return done > 0 ? done : ended }
                continue
            }
            let length = min(count - done, pieceByteCountMax)
            let result = retryingInterrupts { read(done, UInt64(address: thread.scratch), length) }
            source.transfers.set()
            if result <= 0 { return done > 0 ? done : result }
            let put = hold.put(result, isForced: true) { place, count in
                place.copyMemory(from: thread.scratch, byteCount: count)
                return count
            }
            if put < 0 { return done > 0 ? done : put }
            thread.waiter.progress = done + put
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
        }
    }

    private static func refusal(_ target: FileDescription, _ hold: HeldStream) -> Int {
        let error = hold.takeError()
        return error != 0 ? failed(error) : HeldStream.hostRefusal(target.hostFD, hold.kind)
    }

    /// sendfile(2): from a file only, as do_splice_direct has it.
    static func sendfile(
        _ thread: GuestThread, to target: FileDescription, _ hold: HeldStream, from source: FileDescription,
        _ start: CopyOffset, _ count: Int
    ) -> Int? {
        if hold.kind.actsDirectly { return HeldTransfer.settled(thread, target) }
        guard source.kind == .regular || source.kind == .device || source.kind == .synthetic else {
            return failed(EINVAL)
        }
        if target.statusFlags.load(ordering: .relaxed) & O_APPEND != 0 { return failed(EINVAL) }
        return move(thread, to: target, hold, from: source, count, isBlocking: target.isBlocking) {
            done, place, length in
            start.read(source, advancedBy: done, into: place, length)
        }
    }

    /// copy_file_range(2) to the target's own position.
    static func copyFileRange(
        _ thread: GuestThread, to target: FileDescription, _ hold: HeldStream, from source: FileDescription,
        _ start: CopyOffset, _ count: Int
    ) -> Int? {
        guard source.kind == .regular, target.kind == .regular else { return failed(EINVAL) }
        if target.statusFlags.load(ordering: .relaxed) & O_APPEND != 0 { return failed(EBADF) }
        return move(thread, to: target, hold, from: source, count, isBlocking: true) { done, place, length in
            start.read(source, advancedBy: done, into: place, length)
        }
    }

    /// splice(2): what is there once it may begin. One of the two is a pipe.
    static func splice(
        _ thread: GuestThread, to target: FileDescription, _ hold: HeldStream, from source: FileDescription,
        _ start: CopyOffset, _ count: Int, isBlocking: Bool
    ) -> Int? {
        if hold.kind.actsDirectly { return HeldTransfer.settled(thread, target) }
        guard source.kind == .pipe || target.kind == .pipe else { return failed(EINVAL) }
        if source.kind == .pipe, start.isGiven { return failed(ESPIPE) }
        let length = min(count, pieceByteCountMax)
        return once(thread, source, isBlocking: isBlocking) {
            move(thread, to: target, hold, from: source, length, isBlocking: isBlocking) { done, place, length in
                // A second piece may not wait; the call is over then.
                if done > 0 { return 0 }
                if source.kind == .socket {
                    return hostCall(
                        __NR_recvfrom, UInt64(signed: source.hostFD), place, UInt64(length),
                        UInt64(MessageFlag.dontWait))
                }
                return start.read(source, advancedBy: 0, into: place, length)
            }
        }
    }

    /// tee(2): the bytes stay in the source, so they come through a pipe of the supervisor's own.
    static func tee(
        _ thread: GuestThread, to target: FileDescription, _ hold: HeldStream, from source: FileDescription,
        _ count: Int, isBlocking: Bool
    ) -> Int? {
        if hold.kind.actsDirectly { return HeldTransfer.settled(thread, target) }
        guard source.kind == .pipe, target.kind == .pipe else { return failed(EINVAL) }
        guard let spare = SparePipe() else { return failed(EMFILE) }
        let length = min(count, pieceByteCountMax)
        return once(thread, source, isBlocking: isBlocking) {
            move(thread, to: target, hold, from: source, length, isBlocking: isBlocking) { done, place, length in
                if done > 0 { return 0 }
                let copied = hostCall(
                    __NR_tee, UInt64(signed: source.hostFD), UInt64(signed: spare.writeEnd), UInt64(length), 2)
                return copied <= 0 ? copied : hostCall(__NR_read, UInt64(signed: spare.readEnd), place, UInt64(copied))
            }
        }
    }

    /// Waits for a source that has nothing yet.
    private static func once(
        _ thread: GuestThread, _ source: FileDescription, isBlocking: Bool, _ act: () -> Int?
    ) -> Int? {
        while true {
            let result = act()
            guard result == -Int(EAGAIN), isBlocking, source.mayWait else { return result }
            if thread.wait(for: source, events: Int16(POLLIN)) == .interrupted { return Restart.system }
        }
    }
}

extension CopyOffset {
    /// Reads from a file at the offset, or at the file's own position.
    func read(_ source: FileDescription, advancedBy done: Int, into place: UInt64, _ length: Int) -> Int {
        guard let start = given else {
            return hostCall(__NR_read, UInt64(signed: source.hostFD), place, UInt64(length))
        }
        return hostCall(
            __NR_pread64, UInt64(signed: source.hostFD), place, UInt64(length), UInt64(signed: start &+ Int64(done)))
    }
}
