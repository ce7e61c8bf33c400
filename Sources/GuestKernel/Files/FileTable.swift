import CGuestEntry
import Glibc
import GuestMemory
import Synchronization

/// The guest's descriptors. Their numbers are the guest's own: no host descriptor can be named by one.
public final class FileTable: Sendable {
    struct Entry {
        var file: FileDescription
        var closesOnExec: Bool
    }

    fileprivate struct State {
        var entries: [Entry?] = []
        /// No number below this is free.
        var lowestFree = 0
        var limit: Int = 1024
    }

    private let state = Mutex(State())
    /// Nil where nothing is held.
    private let output: OutputGate?
    /// Set once the guest has taken a record lock: from then on every close has to look after them.
    let usesRecordLocks = Atomic<Bool>(false)

    /// Whether calls on new descriptors may be made without leaving the guest.
    private let allowsDirectCalls: Bool

    init(output: OutputGate?, allowsDirectCalls: Bool) {
        self.output = output
        self.allowsDirectCalls = allowsDirectCalls
    }

    /// RLIMIT_NOFILE's soft limit: one more than the highest number that can be given out.
    var limit: Int {
        state.withLock { $0.limit }
    }

    func setLimit(_ limit: Int) {
        state.withLock { $0.limit = limit }
    }

    /// The description behind a guest descriptor; nil for EBADF.
    @inline(__always)
    func find(_ descriptor: UInt64) -> FileDescription? {
        // As the kernel, which takes an unsigned int: upper bits are ignored.
        let index = Int(UInt32(truncatingIfNeeded: descriptor))
        return state.withLock { state in
            index < state.entries.count ? state.entries[index]?.file : nil
        }
    }

    func closesOnExec(_ descriptor: Int32) -> Bool? {
        state.withLock { state in
            guard descriptor >= 0, Int(descriptor) < state.entries.count else { return nil }
            return state.entries[Int(descriptor)]?.closesOnExec
        }
    }

    func setClosesOnExec(_ descriptor: Int32, _ closes: Bool) {
        state.withLock { state in
            guard descriptor >= 0, Int(descriptor) < state.entries.count else { return }
            state.entries[Int(descriptor)]?.closesOnExec = closes
        }
    }

    /// Gives the file the lowest free number at or above `minimum`; -EMFILE at the limit.
    func add(_ file: FileDescription, closesOnExec: Bool, minimum: Int = 0) -> Int {
        output?.adopt(file)
        let direct = allowsDirectCalls ? DirectAccess(to: file) : DirectAccess.none
        return state.withLock { state in
            var index = max(minimum, state.lowestFree)
            while index < state.entries.count, state.entries[index] != nil { index += 1 }
            guard index < state.limit else { return failed(EMFILE) }
            state.set(index, Entry(file: file, closesOnExec: closesOnExec))
            direct.give(to: index, file)
            if minimum <= state.lowestFree { state.lowestFree = index + 1 }
            return index
        }
    }

    /// Whether another descriptor can be given out, for calls that must refuse before they take something.
    var hasRoom: Bool {
        state.withLock { state in
            var index = state.lowestFree
            while index < state.entries.count, state.entries[index] != nil { index += 1 }
            return index < state.limit
        }
    }

    /// Adds two at once, or neither.
    func addPair(_ first: FileDescription, _ second: FileDescription, closesOnExec: Bool) -> (Int, Int)? {
        let one = add(first, closesOnExec: closesOnExec)
        if one < 0 { return nil }
        let two = add(second, closesOnExec: closesOnExec)
        if two < 0 {
            _ = remove(Int32(one))
            return nil
        }
        return (one, two)
    }

    /// dup2(2)'s placement: replaces what was there, which is returned so that it is closed outside the lock.
    func place(_ file: FileDescription, at descriptor: Int, closesOnExec: Bool) -> Result<FileDescription?, CallError> {
        output?.adopt(file)
        let direct = allowsDirectCalls ? DirectAccess(to: file) : DirectAccess.none
        let placed: Result<FileDescription?, CallError> = state.withLock { state in
            guard descriptor >= 0, descriptor < state.limit else { return .failure(CallError(errno: EBADF)) }
            let old = descriptor < state.entries.count ? state.entries[descriptor]?.file : nil
            state.set(descriptor, Entry(file: file, closesOnExec: closesOnExec))
            (old == nil ? direct : DirectAccess.none).give(to: descriptor, file)
            return .success(old)
        }
        if case .success(.some) = placed {
            DirectAccess.settle(descriptor)
            state.withLock { if $0.entries[descriptor]?.file === file { direct.give(to: descriptor, file) } }
        }
        return placed
    }

    /// Takes a descriptor out; nil when it was not open. The description is closed by its last reference.
    func remove(_ descriptor: Int32) -> FileDescription? {
        let removed: FileDescription? = state.withLock { state in
            guard descriptor >= 0, Int(descriptor) < state.entries.count else { return nil }
            guard let entry = state.entries[Int(descriptor)] else { return nil }
            state.entries[Int(descriptor)] = nil
            state.lowestFree = min(state.lowestFree, Int(descriptor))
            DirectAccess.none.give(to: Int(descriptor), entry.file)
            return entry.file
        }
        if removed != nil { DirectAccess.settle(Int(descriptor)) }
        return removed
    }

    /// Whether a descriptor of this kind is left.
    func hasAny(_ kind: FileDescription.Kind) -> Bool {
        state.withLock { state in state.entries.contains { $0?.file.kind == kind } }
    }

    /// How far the table reaches: the kernel's grows from 64 by powers of two (alloc_fdtable in fs/file.c),
    /// and select(2) ignores what lies beyond.
    var slotCount: Int {
        let used = state.withLock { $0.entries.count }
        var slots = 64
        while slots < used { slots *= 2 }
        return slots
    }

    /// What is behind each descriptor, lowest first.
    func allEntries() -> [(descriptor: Int32, entry: Entry)] {
        state.withLock { state in
            state.entries.enumerated().compactMap { index, entry in
                entry.map { (Int32(index), $0) }
            }
        }
    }

    /// Takes over a table from records; the limit is what it was, whatever is open above it.
    func restore(_ entries: [(descriptor: Int32, entry: Entry)], limit: Int) {
        state.withLock { state in
            precondition(state.entries.isEmpty, "a table with \(state.entries.count) entries is restored over")
            for (descriptor, entry) in entries { state.set(Int(descriptor), entry) }
            state.limit = limit
        }
    }

    /// After `restore`, where calls may be made without leaving the guest.
    func giveDirectAccess() {
        guard allowsDirectCalls else { return }
        for (descriptor, entry) in allEntries() { DirectAccess(to: entry.file).give(to: Int(descriptor), entry.file) }
    }

    /// execve(2): takes out what is closed then. The descriptions close with the last reference to them.
    func takeClosedOnExec() -> [FileDescription] {
        let closing = allEntries().filter(\.entry.closesOnExec)
        return closing.compactMap { remove($0.descriptor) }
    }

    /// The open descriptors, lowest first.
    func snapshot() -> [(descriptor: Int32, file: FileDescription)] {
        state.withLock { state in
            state.entries.enumerated().compactMap { index, entry in
                entry.map { (Int32(index), $0.file) }
            }
        }
    }
}

extension FileTable.State {
    fileprivate mutating func set(_ index: Int, _ entry: FileTable.Entry) {
        while entries.count <= index { entries.append(nil) }
        entries[index] = entry
    }
}
