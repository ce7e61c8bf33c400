import CGuestEntry
import CallSites
import Glibc
import GuestMemory
import Synchronization

/// The guest's call sites that have been rewritten, and where their stubs are.
///
/// What is written lies in the guest's memory and comes to a mirror with it; this table comes in a record.
/// Lock order: the table's lock before the address space's. Whoever writes to code has stopped the guest before.
final class CallSiteTable: Sendable {
    struct State: Equatable {
        /// By the address that they return to.
        var entries: [UInt64: CallSiteEntry] = [:]
        var regions: [StubRegion] = []
        /// Where the guest's vDSO is; 0 for nowhere.
        var vdso: UInt64 = 0
        /// GS is the guest's, for good: nothing is rewritten any more.
        var isGivenUp = false
    }

    private struct Guarded {
        var state: State {
            didSet { record = nil }
        }
        /// The state's record, as long as the state is the same: most epochs change nothing here.
        var record: [UInt8]?
    }

    private let guarded: Mutex<Guarded>
    /// Sites that cannot be rewritten.
    private let refused = Mutex<Set<UInt64>>([])
    /// Whether sites are added, for as long as the host has GS.
    private let adds: Bool
    private let isGivenUp: Atomic<Bool>
    private let entryCount: Atomic<Int>
    /// Everything that is written lies between these; they are never taken back.
    private let lowest: Atomic<UInt64>
    private let highest: Atomic<UInt64>

    /// Sites beyond this many stay as they are: of a program with a million of them few can be hot.
    private static let entryCountMax = 4096
    private static let refusedCountMax = 16_384

    init(_ restored: State? = nil, adds: Bool) {
        // Without any, GS is the guest's from the start.
        let state = restored ?? State(isGivenUp: !adds)
        self.adds = adds
        isGivenUp = Atomic(state.isGivenUp)
        entryCount = Atomic(state.entries.count)
        let ranges = state.entries.values.flatMap(\.ranges) + state.regions.map(\.range)
        lowest = Atomic(ranges.map(\.start).min() ?? UInt64.max)
        highest = Atomic(ranges.map(\.end).max() ?? 0)
        guarded = Mutex(Guarded(state: state))
    }

    /// Whether the host has GS while the guest runs.
    var hasGS: Bool { !isGivenUp.load(ordering: .relaxed) }

    /// The table as a plain value; the guest is stopped.
    var state: State { guarded.withLock { $0.state } }

    /// execve(2): the code is gone, and GS is the host's again where sites may be rewritten.
    func reset(vdso: UInt64) {
        guarded.withLock { guarded in
            guarded.state = State(vdso: vdso, isGivenUp: !adds)
            isGivenUp.store(!adds, ordering: .relaxed)
            entryCount.store(0, ordering: .relaxed)
        }
        refused.withLock { $0 = [] }
    }

    /// The table's record; the guest is stopped.
    var encoded: [UInt8] {
        guarded.withLock { guarded in
            if let record = guarded.record { return record }
            let record = CallSiteRecord(guarded.state).encoded()
            guarded.record = record
            return record
        }
    }

    var rewrittenCount: Int { entryCount.load(ordering: .relaxed) }

    /// Where the guest's vDSO has been put.
    func setVdso(_ address: UInt64) {
        guarded.withLock { $0.state.vdso = address }
    }

    // MARK: - Adding

    /// Rewrites the site that returns to an address, where that is safe. The thread has made no part of its call yet.
    func rewrite(_ returnAddress: UInt64, _ thread: GuestThread) {
        guard adds, hasGS, rewrittenCount < CallSiteTable.entryCountMax else { return }
        if refused.withLock({ $0.contains(returnAddress) }) { return }
        let kernel = thread.kernel
        let code = ModuleFunctions(memory: kernel.memory).code(at: returnAddress - 2)
        guard let site = code.flatMap({ CallSite(returningTo: returnAddress, in: $0) }) else {
            return refuse(returnAddress)
        }
        kernel.gate.stop(kernel, caller: thread)
        defer { kernel.gate.resume() }
        let isDone = guarded.withLock { guarded in
            // Another thread may have been faster, in either.
            if guarded.state.isGivenUp || guarded.state.entries[returnAddress] != nil { return true }
            // Other threads were running since it was looked at.
            guard ModuleFunctions.read(site.address, site.displaced.count) == site.displaced,
                site.island.map({ ModuleFunctions.read($0.address, $0.original.count) == $0.original }) ?? true,
                let entry = add(site, kernel, &guarded.state)
            else { return false }
            guarded.state.entries[returnAddress] = entry
            for range in entry.ranges { widen(range) }
            entryCount.store(guarded.state.entries.count, ordering: .relaxed)
            return true
        }
        if !isDone { refuse(returnAddress) }
    }

    private func refuse(_ returnAddress: UInt64) {
        refused.withLock { refused in
            if refused.count < CallSiteTable.refusedCountMax { refused.insert(returnAddress) }
        }
    }

    private func add(_ site: CallSite, _ kernel: GuestKernel, _ state: inout State) -> CallSiteEntry? {
        let memory = kernel.memory
        guard let index = region(near: site.address, memory, &state) else { return nil }
        let address = state.regions[index].free
        // A call that is answered in the guest is one that nobody traces.
        guard let entry = CallSiteEntry(site, stubAt: address, answers: kernel.tracing == nil),
            let patches = site.patches(to: address), memory.patch(address, entry.stub.bytes)
        else { return nil }
        state.regions[index].used += CallStub.byteCountMax
        for patch in patches where !memory.patch(patch.address, patch.bytes) {
            entry.restore(memory)
            return nil
        }
        return entry
    }

    /// A region that a jump at `address` reaches, with room for a stub; made where there is none.
    private func region(near address: UInt64, _ memory: AddressSpace, _ state: inout State) -> Int? {
        if let found = state.regions.firstIndex(where: { $0.hasRoom && $0.isReached(from: address) }) { return found }
        guard state.regions.count < StubRegion.countMax else { return nil }
        guard let made = StubRegion.make(near: address, memory) else { return nil }
        state.regions.append(made)
        widen(made.range)
        return state.regions.count - 1
    }

    // MARK: - Where it is

    private func widen(_ range: AddressRange) {
        lowest.store(min(lowest.load(ordering: .relaxed), range.start), ordering: .relaxed)
        highest.store(max(highest.load(ordering: .relaxed), range.end), ordering: .relaxed)
    }

    @inline(__always)
    private func mayBe(in range: AddressRange) -> Bool {
        range.end > lowest.load(ordering: .relaxed) && range.start < highest.load(ordering: .relaxed)
    }

    /// Puts a thread that was interrupted in a stub, or on the way there, to where its guest knows it to be: so that no
    /// signal's frame and no record has a place that may be gone, or that a handler would not know. The thread's own.
    func leaveStub(_ context: UnsafeMutablePointer<guest_context>) {
        let counter = context.pointee.rip
        guard mayBe(in: AddressRange(start: counter, count: 1)) else { return }
        let found = guarded.withLock { guarded in
            guarded.state.entries.values.first { entry in
                entry.stubRange.contains(counter) || entry.site.islandRange?.contains(counter) == true
            }
        }
        guard let found else { return }
        guard found.stubRange.contains(counter) else {
            context.pointee.rip = found.site.address
            return
        }
        context.pointee.rip = found.stub.place(ofOffset: Int(counter - found.stubRange.start), for: found.site)
        // As the CPU leaves it behind a syscall.
        if context.pointee.rip == found.site.returnAddress { context.pointee.rcx = found.site.returnAddress }
    }

    // MARK: - Taking back

    /// Before the guest moves these pages, takes them away, or may write to them: its code there becomes what it was.
    func restore(in range: AddressRange, _ thread: GuestThread) {
        guard mayBe(in: range) else { return }
        let (holdsSites, holdsStubs) = guarded.withLock { guarded in
            (
                guarded.state.entries.values.contains { $0.site.overlaps(range) },
                guarded.state.regions.contains { $0.range.overlaps(range) }
            )
        }
        if holdsStubs { return giveUp(thread) }
        if !holdsSites { return }
        let kernel = thread.kernel
        kernel.gate.stop(kernel, caller: thread)
        defer { kernel.gate.resume() }
        guarded.withLock { guarded in
            for (returnAddress, entry) in guarded.state.entries where entry.site.overlaps(range) {
                entry.restore(kernel.memory)
                guarded.state.entries[returnAddress] = nil
            }
            entryCount.store(guarded.state.entries.count, ordering: .relaxed)
        }
    }

    /// A thread wants GS for itself, or the stubs go: all code becomes what it was, and stays that. Threads that are in
    /// the vDSO get to its end, as each keeps its GS until it asks for another; in a stub is none that is stopped.
    func giveUp(_ thread: GuestThread) {
        if !hasGS { return }
        let kernel = thread.kernel
        kernel.gate.stop(kernel, caller: thread)
        defer { kernel.gate.resume() }
        guarded.withLock { guarded in
            if guarded.state.isGivenUp { return }
            guarded.state.isGivenUp = true
            isGivenUp.store(true, ordering: .relaxed)
            for entry in guarded.state.entries.values { entry.restore(kernel.memory) }
            GuestVdso.disable(at: guarded.state.vdso, kernel.memory)
            guarded.state.entries = [:]
            entryCount.store(0, ordering: .relaxed)
        }
    }
}
