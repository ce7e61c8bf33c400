import CGuestEntry
import Glibc
import GuestMemory

/// select(2) and pselect6(2), by the host's pselect6 on sets of host descriptors: what counts as
/// ready for each of the three sets is then the host's own business (a hang-up is no exception).
enum SelectCalls {
    static func select(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let timeout: CallTimeout
        switch CallTimeout.load(thread, at: arguments.e, as: .microseconds) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): timeout = loaded
        }
        let result = select(thread, arguments, isImmediate: timeout.isImmediate)
        timeout.storeRemaining(thread)
        return result
    }

    /// The sixth argument is the address of a mask's address and size.
    static func maskedSelect(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var mask: UInt64 = 0
        var maskByteCount: UInt64 = 0
        if arguments.f != 0 {
            guard let address = GuestAccess.load(UInt64.self, at: arguments.f),
                let byteCount = GuestAccess.load(UInt64.self, at: arguments.f &+ 8)
            else { return failed(EFAULT) }
            (mask, maskByteCount) = (address, byteCount)
        }
        let timeout: CallTimeout
        switch CallTimeout.load(thread, at: arguments.e, as: .seconds) {
        case .failure(let error): return failed(error.errno)
        case .success(let loaded): timeout = loaded
        }
        if let error = thread.setTemporaryMask(at: mask, byteCount: maskByteCount) { return error }
        let result = select(thread, arguments, isImmediate: timeout.isImmediate)
        timeout.storeRemaining(thread)
        return thread.restoringMask(result)
    }

    private static func select(_ thread: GuestThread, _ arguments: SyscallArguments, isImmediate: Bool) -> Int {
        let requested = Int32(truncatingIfNeeded: arguments.a)
        guard requested >= 0 else { return failed(EINVAL) }
        // The kernel looks no further than its table reaches.
        let count = min(Int(requested), thread.kernel.files.slotCount)
        let addresses = (arguments.b, arguments.c, arguments.d)
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: max(1, DescriptorSet.wordCount(count)) * 3) {
            words in
            let length = DescriptorSet.wordCount(count)
            let base = words.baseAddress!
            let guest = [
                DescriptorSet(words: base, wordCount: length, address: addresses.0),
                DescriptorSet(words: base + length, wordCount: length, address: addresses.1),
                DescriptorSet(words: base + length * 2, wordCount: length, address: addresses.2),
            ]
            for set in guest where !set.load(count) { return failed(EFAULT) }
            return select(thread, guest, count, isImmediate: isImmediate)
        }
    }

    private static func select(
        _ thread: GuestThread, _ guest: [DescriptorSet], _ count: Int, isImmediate: Bool
    ) -> Int {
        var members: [(descriptor: Int, file: FileDescription)] = []
        var hostCount = 0
        for descriptor in 0..<count where guest.contains(where: { $0.contains(descriptor) }) {
            guard let file = thread.kernel.files.find(UInt64(descriptor)) else { return failed(EBADF) }
            members.append((descriptor, file))
            hostCount = max(hostCount, Int(file.hostFD) + 1)
        }
        let length = max(1, DescriptorSet.wordCount(hostCount))
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: length * 3) { words in
            let base = words.baseAddress!
            let host = (0..<3).map { DescriptorSet(words: base + length * $0, wordCount: length, address: 0) }
            let held = HeldReadiness(thread, writers: members.filter { guest[1].contains($0.descriptor) }.map(\.file))
            defer { held?.stopWaiting() }
            let ready = thread.awaitReadiness(
                deadlineNanoseconds: thread.waiter.deadlineNanoseconds, isImmediate: isImmediate
            ) { timeout, mask in
                // Each time that it is asked: the host writes its answer over the question.
                words.initialize(repeating: 0)
                for (descriptor, file) in members {
                    for index in 0..<3 where guest[index].contains(descriptor) { host[index].insert(Int(file.hostFD)) }
                }
                held?.update(host[1])
                return hostSelect(hostCount, guest, host, timeout, mask)
            }
            if ready == -Int(EINTR) { return Restart.withoutHandler }
            if ready < 0 { return ready }
            return withExtendedLifetime(members) { store(guest, host, members) }
        }
    }

    private static func hostSelect(
        _ hostCount: Int, _ guest: [DescriptorSet], _ host: [DescriptorSet], _ timeout: UnsafePointer<timespec>?,
        _ mask: UInt64
    ) -> Int {
        // The kernel writes the time left into the timeout, which is the caller's own copy.
        var maskArgument: (UInt64, UInt64) = (mask, 8)
        return hostCall(
            __NR_pselect6, UInt64(hostCount), host[0].hostAddress(guest[0]), host[1].hostAddress(guest[1]),
            host[2].hostAddress(guest[2]), UInt64(address: timeout), UInt64(address: &maskArgument))
    }

    /// Writes the three sets back and counts their members; two guest numbers may share a host descriptor,
    /// so the host's count is not the guest's.
    private static func store(
        _ guest: [DescriptorSet], _ host: [DescriptorSet], _ members: [(descriptor: Int, file: FileDescription)]
    ) -> Int {
        var count = 0
        for index in 0..<3 {
            for (descriptor, file) in members where guest[index].contains(descriptor) {
                if host[index].contains(Int(file.hostFD)) {
                    count += 1
                } else {
                    guest[index].remove(descriptor)
                }
            }
            guard guest[index].store() else { return failed(EFAULT) }
        }
        return count
    }
}

/// An fd_set in the supervisor's memory, and the guest's address that it came from (0: none).
///
/// Sound: the words are a temporary allocation that outlives every use of the set.
struct DescriptorSet {
    let words: UnsafeMutablePointer<UInt64>
    let wordCount: Int
    let address: UInt64

    static func wordCount(_ count: Int) -> Int { (count + 63) / 64 }

    /// Copies the guest's set in and leaves out what lies above the first `count` numbers.
    func load(_ count: Int) -> Bool {
        words.initialize(repeating: 0, count: wordCount)
        if address == 0 || wordCount == 0 { return true }
        guard GuestAccess.copyIn(words, from: address, count: wordCount * 8) else { return false }
        if count & 63 != 0 { words[wordCount - 1] &= 1 << UInt64(count & 63) - 1 }
        return true
    }

    func store() -> Bool {
        address == 0 || GuestAccess.copyOut(to: address, words, count: wordCount * 8)
    }

    /// What the host's call gets: no set where the guest gave none.
    func hostAddress(_ guest: DescriptorSet) -> UInt64 {
        guest.address == 0 ? 0 : UInt64(address: words)
    }

    func contains(_ number: Int) -> Bool { words[number >> 6] & 1 << UInt64(number & 63) != 0 }

    func insert(_ number: Int) { words[number >> 6] |= 1 << UInt64(number & 63) }

    func remove(_ number: Int) { words[number >> 6] &= ~(1 << UInt64(number & 63)) }
}
