import CGuestEntry
import Glibc
public import Synchronization

/// The guest's address space: the VMA map is the truth, the host's mappings follow it.
///
/// Lock order: the address space's lock is a leaf; nothing else is taken while it is held.
public final class AddressSpace: Sendable {
    struct State {
        var map: VirtualMemoryMap
        /// brk's fixed start and current end.
        var heapStart: UInt64 = 0
        var heapEnd: UInt64 = 0
        /// Where the top-down search for free addresses begins.
        var mappingTop: UInt64
        var nextSharedObject: UInt64 = 1
        /// Set while dirty pages are tracked.
        var tracking: Tracking?
        /// Pages may be closed to writes that the guest may write, as in the process that this was forked from.
        var wasClosedForTracking = false
        /// While memory is lent: pages as they were before they were written to, by their address.
        var pristine: [UInt64: [UInt8]]?
        /// The layout record that was made last.
        var layout: Layout?
    }

    let state: Mutex<State>

    /// Whether writes to guest memory may find a page closed that the guest may write.
    @usableFromInline let tracksBySignals = Atomic<Bool>(false)

    /// Whether there has been a memory object.
    @usableFromInline let keepsMemoryObjects = Atomic<Bool>(false)

    /// Reserves the arena. Fails with a negative errno: EEXIST when something lies in it already.
    public init() throws(AddressSpaceError) {
        let result = HostMemory.reserve(GuestLayout.arena)
        guard result == Int(GuestLayout.arena.start) else {
            throw AddressSpaceError(errno: result < 0 ? Int32(-result) : EEXIST)
        }
        let map = VirtualMemoryMap(limits: GuestLayout.mappable)
        state = Mutex(State(map: map, mappingTop: GuestLayout.stackTop))
    }

    /// An address space of what is in the arena already.
    init(adopting state: sending State) {
        self.state = Mutex(state)
    }

    /// The address space of a forked process, made by its parent before it forks: the same areas, and no tracking. The
    /// parent's own lock may be held at that moment by a thread that the child does not have.
    public convenience init(forking parent: AddressSpace) {
        var copy = parent.state.withLock { state in
            var copy = State(map: state.map, mappingTop: state.mappingTop)
            copy.heapStart = state.heapStart
            copy.heapEnd = state.heapEnd
            copy.nextSharedObject = state.nextSharedObject
            return copy
        }
        copy.wasClosedForTracking = parent.mayRefuseWrites
        self.init(adopting: copy)
    }

    /// In the forked process: what was closed only because its parent's writes are tracked is open, and what is not
    /// handed on (MADV_DONTFORK) is gone.
    ///
    /// - Parameter wipes: whether what is handed on empty is that (MADV_WIPEONFORK): it is not where the memory is
    ///   still the parent's.
    public func openAfterFork(wipes: Bool) {
        TrackedWrites.end()
        state.withLock { state in
            for area in state.map.areas where area.flags.contains(.notForked) { _ = clear(area.range, in: &state) }
            if wipes {
                for area in state.map.areas where area.flags.contains(.wipedOnFork) { _ = HostMemory.drop(area.range) }
            }
            guard state.wasClosedForTracking else { return }
            state.wasClosedForTracking = false
            for area in state.map.areas where area.protection.contains(.write) {
                _ = HostMemory.protect(area.range, area.protection)
            }
        }
    }

    /// execve(2): nothing is mapped any more. False where the host cannot close something.
    public func reset() -> Bool {
        state.withLock { state in
            guard clear(GuestLayout.mappable, in: &state) == 0 else { return false }
            state.heapStart = 0
            state.heapEnd = 0
            state.mappingTop = GuestLayout.stackTop
            return true
        }
    }

    /// Maps the first thread's stack below the stack's top and puts the search for free addresses
    /// below it. Returns the stack's range.
    public func mapStack(byteCount: UInt64) -> AddressRange? {
        state.withLock { state in
            let top = GuestLayout.stackTop
            let range = AddressRange(start: top - roundUp(byteCount), end: top)
            guard HostMemory.protect(range, [.read, .write]) == 0 else { return nil }
            state.map.insert(VirtualMemoryArea(range: range, protection: [.read, .write], kind: .stack))
            // The kernel leaves a gap for stack guard and randomisation (mmap_base in mm/util.c).
            state.mappingTop = range.start - 0x10_0000
            return range
        }
    }

    /// Sets where brk begins; once, by the loader.
    public func startHeap(at address: UInt64) {
        state.withLock { state in
            state.heapStart = roundUp(address)
            state.heapEnd = state.heapStart
        }
    }

    /// The areas as they are now, lowest first.
    public func areas() -> [VirtualMemoryArea] {
        state.withLock { Array($0.map.areas) }
    }

    public func area(containing address: UInt64) -> VirtualMemoryArea? {
        state.withLock { $0.map.area(containing: address) }
    }

    /// Bytes mapped, as VmSize counts them.
    public var mappedByteCount: UInt64 {
        state.withLock { $0.map.mappedByteCount }
    }

    /// The most that was mapped at once, as VmPeak.
    public var mappedByteCountPeak: UInt64 {
        state.withLock { $0.map.mappedByteCountPeak }
    }
}

/// The arena could not be reserved.
public struct AddressSpaceError: Error {
    public let errno: Int32
}

/// Rounds up to a whole page; `value` is below 2^63, as every length is checked to be.
public func roundUp(_ value: UInt64) -> UInt64 {
    (value + 4095) & ~4095
}
