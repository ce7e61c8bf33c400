import CGuestEntry
import Glibc
import GuestMemory
import Synchronization
import Volumes

/// What the guest did to the files of its volumes since the last cut, in the order in which it took effect.
///
/// The order is that of the effects because a call is done on the host and written down under one lock (`perform`). It
/// is the same for the guest's children, which write into memory that the first process takes all of before it writes
/// down something of its own (`VolumeJournal+Children`).
/// Lock order: the journal, then what is shared with children, before the file table and the objects' own locks. A
/// description's end is recorded as well, so that none may end under any of these: whoever makes a call holds what it
/// is about for longer. Nobody sleeps with the lock: opens never wait (OpenCalls.openHost), and a journal that is full
/// is waited for before it is taken.
public final class VolumeJournal: Sendable {
    struct State {
        var operations: [FileOperation] = []
        var byteCount = 0
        /// What was opened and has no description yet, by its host descriptor.
        var opened: [Int32: VolumeFile] = [:]
        /// In the first process.
        var holders = VolumeHolders()
        var holdersCheckedNanoseconds: UInt64 = 0
        /// In a child that ends: it changes nothing any more.
        var hasLeft = false
    }

    let roots: VolumeRoots
    /// What the guest's children write into; nil where there can be none.
    let share: VolumeShare?
    /// In a child, where a test has it die; nil but in tests.
    private let fault: TestFault?
    let state = Mutex(State())
    /// Files that were written to since the last cut, by their handle: their host descriptors.
    private let touched = Mutex<[FileOperation.Handle: Int32]>([:])
    /// Files that may be mapped, by their handle: a mapping outlives the descriptors.
    private let mapped = Mutex<[FileOperation.Handle: VolumeFile]>([:])
    private let byteCount = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)

    /// What an operation takes beside its names and bytes, roughly.
    private static let operationByteCount = 64
    /// A write that goes on from the one before becomes one with it, up to here: longer ones cost more to copy than
    /// their heads to send.
    private static let joinedByteCountMax = 16 << 10

    /// Of a guest's first process.
    init(_ roots: VolumeRoots) {
        self.roots = roots
        share = VolumeShare()
        fault = nil
    }

    /// Of a child.
    init(_ roots: VolumeRoots, _ share: VolumeShare, fault: TestFault?) {
        self.roots = roots
        self.share = share
        self.fault = fault
    }

    /// Whether anything is recorded. It stops when the mirror is lost.
    var isRecording: Bool { !(isStopped.load(ordering: .relaxed) || share?.isStopped == true) }

    /// Everything since the last cut, encoded. The guest is stopped.
    public func cut(_ memory: AddressSpace) throws(UnknownChange) -> [UInt8] {
        forgetUnmapped(memory)
        let operations = withOrder { state in
            defer {
                state.operations = []
                state.byteCount = 0
                share?.noteCut()
            }
            return state.operations + takeTimes()
        }
        byteCount.store(0, ordering: .relaxed)
        if let share, isRecording, share.brokenBy != 0 { throw UnknownChange(pid: share.brokenBy) }
        return isRecording ? FileOperationList.encode(operations) : []
    }

    private func takeTimes() -> [FileOperation] {
        touched.withLock { touched in
            defer { touched = [:] }
            return touched.compactMap { VolumeJournal.times($0.key, $0.value) }
        }
    }

    /// The mirror is lost: nothing is recorded any more, and files are as they are without one.
    public func stop() {
        isStopped.store(true, ordering: .relaxed)
        share?.stop()
        state.withLock { state in
            state.operations = []
            state.byteCount = 0
        }
    }

    // MARK: - Recording

    /// Does a call on the host and records what came of it, as one step. `changes` says whether the call may change
    /// what a mirror has; one that does not leaves nothing behind where its process dies in the middle of it.
    func perform(changes: Bool = true, _ body: (inout State) -> Int) -> Int {
        guard let share, share.isChild else {
            return withOrder { state in
                let result = body(&state)
                byteCount.store(state.byteCount, ordering: .relaxed)
                return result
            }
        }
        return state.withLock { state in
            // Nobody sees what a call comes to that is made by a process that has ended.
            if state.hasLeft { return failed(EINTR) }
            guard isRecording else { return body(&state) }
            lockWithRoom(share)
            defer { share.unlock() }
            if changes { share.beginChange() }
            let result = body(&state)
            if changes { fault?.pass(.childChange) }
            send(&state, share)
            share.endChange()
            return result
        }
    }

    /// Does `body` with all that children have done in the journal already, and none of them doing anything.
    func withOrder<Result>(_ body: (inout State) -> Result) -> Result {
        state.withLock { state in
            guard let share, share.isUsed, isRecording else { return body(&state) }
            share.lock()
            defer { share.unlock() }
            if !share.isChild { takeFromChildren(share, &state) }
            return body(&state)
        }
    }

    /// While `body` changes what relative paths start from: not between finding a place and acting on it. Or while it
    /// stops this process.
    func standStill(_ body: () -> Int) -> Int {
        state.withLock { _ in body() }
    }

    func append(_ operation: FileOperation) {
        _ = perform(changes: false) { state in
            record(operation, in: &state)
            return 0
        }
    }

    func record(_ operation: FileOperation, in state: inout State) {
        if !isRecording { return }
        // A child may have it as well.
        if case .close(let handle) = operation, share?.isChild != true, !state.holders.close(handle, by: 0) { return }
        add(operation, &state)
    }

    func add(_ operation: FileOperation, _ state: inout State) {
        state.byteCount += VolumeJournal.operationByteCount + operation.variableByteCount
        guard case .write(let target, let offset, let bytes) = operation else {
            state.operations.append(operation)
            return
        }
        if let last = state.operations.last, case .write(target, let start, var joined) = last,
            start + UInt64(joined.count) == offset, joined.count < VolumeJournal.joinedByteCountMax
        {
            state.operations.removeLast()
            joined += bytes
            state.operations.append(.write(target, offset: start, joined))
        } else {
            state.operations.append(operation)
        }
    }

    /// Waits, with nothing held, while there is too much for one epoch: 0, or how the interrupted call ends.
    func waitForRoom(_ thread: GuestThread) -> Int {
        if let share, share.isChild { return waitForRoom(thread, share) }
        while isRecording, byteCount.load(ordering: .relaxed) >= VolumeShare.waitingByteCountMax,
            let output = thread.kernel.output
        {
            let result = output.waitUntilCommitted(thread)
            if result != 0 { return result }
            if output.isPassing { return 0 }
        }
        return 0
    }

    // MARK: - Open files

    /// What `perform` has opened under this host descriptor becomes a description's.
    func claim(_ hostFD: Int32) -> VolumeFile? {
        state.withLock { $0.opened.removeValue(forKey: hostFD) }
    }

    /// The file's times are to agree on both sides after the next cut. What a child has open the first process may not
    /// have, so that they are recorded at once.
    func noteTouched(_ handle: FileOperation.Handle, _ hostFD: Int32, in state: inout State) {
        guard share?.isChild == true else {
            touched.withLock { $0[handle] = hostFD }
            return
        }
        if let times = VolumeJournal.times(handle, hostFD) { record(times, in: &state) }
    }

    /// A description is about to close its host descriptor.
    func noteClosing(_ handle: FileOperation.Handle, _ hostFD: Int32) {
        let isTouched = touched.withLock { touched in
            guard touched[handle] == hostFD else { return false }
            touched[handle] = nil
            return true
        }
        if isTouched, let times = VolumeJournal.times(handle, hostFD) { append(times) }
    }

    /// A file is about to be mapped. No mirror makes mappings of a child's.
    func keepMapped(_ file: VolumeFile) {
        if share?.isChild == true { return }
        mapped.withLock { $0[file.handle] = file }
    }

    /// Lets go of the files that are not mapped any more. The last reference of one is recorded: without the lock.
    private func forgetUnmapped(_ memory: AddressSpace) {
        let kept = mapped.withLock { $0 }
        if kept.isEmpty { return }
        let handles = memory.mappedVolumeFiles
        mapped.withLock { mapped in
            for handle in kept.keys where !handles.contains(handle) { mapped[handle] = nil }
        }
    }

    static func times(_ handle: FileOperation.Handle, _ hostFD: Int32) -> FileOperation? {
        var status = stat()
        guard fstat(hostFD, &status) == 0 else { return nil }
        return .setTimes(.handle(handle), FileOperation.Times(status))
    }
}
