import CGuestEntry
import Glibc
import GuestMemory

/// Calls that move bytes from file to file without going through guest memory: sendfile and
/// copy_file_range; splice and its like are in CopyCalls+Splice.
///
/// The guest's offsets are copied in and, when the call is done, out again; until then the waiter's
/// progress says how far it is.
enum CopyCalls {
    static func sendfile(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let start: CopyOffset
        switch CopyOffset.load(at: arguments.c) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): start = loaded
        }
        guard let target = thread.kernel.files.find(arguments.a), let source = thread.kernel.files.find(arguments.b)
        else { return failed(EBADF) }
        let count = Int(min(arguments.d, UInt64(TransferCalls.byteCountMax)))
        if let volume = target.volume {
            let refusal = VolumeCopy.pipeRefusal(target)
            if refusal != 0 { return refusal }
            let result = VolumeCopy.copy(
                thread, from: source, start, to: target, volume, .ofFile, count, isBlocking: source.isBlocking)
            return result > 0 && !start.store(advancedBy: result) ? failed(EFAULT) : result
        }
        let held = target.hold.flatMap { hold in
            HeldCopy.sendfile(thread, to: target, hold, from: source, start, count)
        }
        let result = held ?? sendAll(thread, target, source, start, count)
        if result > 0, !start.store(advancedBy: result) { return failed(EFAULT) }
        return TransferCalls.brokenPipe(thread, target, result)
    }

    private static func sendAll(
        _ thread: GuestThread, _ target: FileDescription, _ source: FileDescription, _ start: CopyOffset, _ count: Int
    ) -> Int {
        while true {
            let done = thread.waiter.progress
            let length = min(thread.waiter.left(of: count), TransferCalls.pieceByteCountMax)
            let result = thread.performBlocking(target, events: Int16(POLLOUT), isBlocking: target.isBlocking) {
                start.withHostCopy(advancedBy: done) { offset in
                    thread.noting(target) {
                        hostCall(
                            __NR_sendfile, UInt64(signed: target.hostFD), UInt64(signed: source.hostFD), offset,
                            UInt64(length))
                    }
                }
            }
            source.transfers.set()
            if result < 0 { return done > 0 ? done : result }
            thread.waiter.progress = done + result
            if result == 0 || done + result >= count { return done + result }
            if thread.kernel.gate.isRequested { thread.kernel.gate.park(thread) }
        }
    }

    static func copyFileRange(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        guard let source = thread.kernel.files.find(arguments.a), let target = thread.kernel.files.find(arguments.c)
        else { return failed(EBADF) }
        let (from, to): (CopyOffset, CopyOffset)
        switch (CopyOffset.load(at: arguments.b), CopyOffset.load(at: arguments.d)) {
        case (.success(let one), .success(let other)): (from, to) = (one, other)
        default: return failed(EFAULT)
        }
        let count = Int(min(arguments.e, UInt64(TransferCalls.byteCountMax)))
        if let volume = target.volume {
            let refusal = VolumeCopy.rangeRefusal(source, from, target, to, count, flags: arguments.f)
            if refusal != 0 { return refusal }
            let result = VolumeCopy.copy(
                thread, from: source, from, to: target, volume, to, count, isBlocking: source.isBlocking)
            if result > 0, !from.store(advancedBy: result) || !to.store(advancedBy: result) { return failed(EFAULT) }
            return result
        }
        if let hold = target.hold {
            if !to.isGiven, let held = HeldCopy.copyFileRange(thread, to: target, hold, from: source, from, count) {
                return held > 0 && !from.store(advancedBy: held) ? failed(EFAULT) : held
            }
            let settled = thread.settleOutput(target)
            if settled != 0 { return settled }
        }
        let result = TransferCalls.inPieces(thread, count) { done, length in
            from.withHostCopy(advancedBy: done) { sourceOffset in
                to.withHostCopy(advancedBy: done) { targetOffset in
                    thread.noting(target, at: to.given.map { UInt64(bitPattern: $0) &+ UInt64(done) }) {
                        hostCall(
                            __NR_copy_file_range, UInt64(signed: source.hostFD), sourceOffset,
                            UInt64(signed: target.hostFD), targetOffset, UInt64(length), arguments.f)
                    }
                }
            }
        }
        if result > 0, !from.store(advancedBy: result) || !to.store(advancedBy: result) { return failed(EFAULT) }
        return result
    }
}

/// A loff_t of the guest's that a call reads and moves on; address 0 means the file's own position.
struct CopyOffset {
    private let address: UInt64
    private let value: Int64

    /// The file's own position.
    static let ofFile = CopyOffset(address: 0, value: 0)

    static func load(at address: UInt64) -> Result<CopyOffset, CallError> {
        if address == 0 { return .success(CopyOffset(address: 0, value: 0)) }
        guard let value = GuestAccess.load(Int64.self, at: address) else { return .failure(CallError(errno: EFAULT)) }
        return .success(CopyOffset(address: address, value: value))
    }

    /// Calls with the address of a host copy, `byteCount` further on, or 0 where there is none.
    func withHostCopy(advancedBy byteCount: Int, _ call: (UInt64) -> Int) -> Int {
        if address == 0 { return call(0) }
        var copy = value &+ Int64(byteCount)
        return withUnsafeMutablePointer(to: &copy) { call(UInt64(address: $0)) }
    }

    var isGiven: Bool { address != 0 }
    /// The guest's offset; nil for the file's own position.
    var given: Int64? { address == 0 ? nil : value }

    func store(advancedBy byteCount: Int) -> Bool {
        address == 0 || GuestAccess.store(value &+ Int64(byteCount), at: address)
    }
}
