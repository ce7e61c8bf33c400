import CGuestEntry
import Glibc
import GuestMemory
import RecordCoding
import Synchronization
import Volumes

/// A process died while it changed a file, before it had said so: what the files of the volumes are is not known any
/// more, and no epoch can be cut.
public struct UnknownChange: Error {
    let pid: Int32

    public var message: String {
        "process \(pid), a child of the guest's, was killed or stopped from outside while it changed a file of a volume"
    }
}

/// A guest's children write down what they do as the first process does, but into memory that they share with it
/// (`VolumeShare`), and under a lock that all of them share.
extension VolumeJournal {
    // MARK: - In a child

    /// Takes the lock when there is room for what is going to be said.
    func lockWithRoom(_ share: VolumeShare) {
        while true {
            share.lock()
            if share.hasRoom || share.brokenBy != 0 || !isRecording { return }
            share.unlock()
            // Rare: who makes a call has waited before (`waitForRoom`), but others may have been at it since.
            var pause = timespec(tv_sec: 0, tv_nsec: 1_000_000)
            nanosleep(&pause, nil)
        }
    }

    /// Says what was recorded. Where nothing is known of the files any more nobody reads it.
    func send(_ state: inout State, _ share: VolumeShare) {
        defer {
            state.operations = []
            state.byteCount = 0
        }
        guard !state.operations.isEmpty, share.brokenBy == 0 else { return }
        share.append(SharedRecord(serial: share.serial, .operations(state.operations)).encoded)
    }

    /// Waits until the first process has cut what is there.
    func waitForRoom(_ thread: GuestThread, _ share: VolumeShare) -> Int {
        while isRecording, share.brokenBy == 0, share.waitingByteCount >= VolumeShare.waitingByteCountMax {
            guard thread.prepareToSleep() else { return Restart.system }
            let pauseNanoseconds: UInt64 = 2_000_000
            _ = thread.sleepUntilWoken(deadlineNanoseconds: thread.kernel.clock.deadline(after: pauseNanoseconds))
        }
        return 0
    }

    /// This process ends: what its threads are in the middle of is finished, and nothing is begun any more.
    public func leave() {
        guard let share, share.isChild else { return }
        state.withLock { state in
            state.hasLeft = true
            guard isRecording else { return }
            lockWithRoom(share)
            defer { share.unlock() }
            if share.brokenBy == 0 { share.append(SharedRecord(serial: share.serial, .ended).encoded) }
        }
    }

    // MARK: - In the first process

    /// Takes what children have done since, and sees which of them have ended. Not needed before a cut, but the guest
    /// runs meanwhile.
    public func takeFromChildren(_ clock: GuestClock) {
        guard let share, share.isUsed, !share.isChild, isRecording else { return }
        withOrder { state in
            let now = clock.monotonicNanoseconds()
            guard now >= state.holdersCheckedNanoseconds + VolumeJournal.checkNanoseconds else { return }
            state.holdersCheckedNanoseconds = now
            // With the lock, and all that they have said is taken: who is gone says nothing more.
            for process in state.holders.processes where HostProcess(process.pid)?.startTicks != process.startTicks {
                endProcess(process.serial, &state)
            }
        }
    }

    /// A file stays open on the mirror for so much longer where a process did not say that it ends.
    private static let checkNanoseconds: UInt64 = 1_000_000_000

    /// With the lock.
    func takeFromChildren(_ share: VolumeShare, _ state: inout State) {
        let bytes = share.take()
        if bytes.isEmpty { return }
        do throws(RecordError) {
            for record in try SharedRecord.decode(bytes) { follow(record, &state) }
        } catch {
            // Only the guest can have written there, over what it should not know of.
            share.breakOff(over: share.pid)
        }
    }

    private func follow(_ record: SharedRecord, _ state: inout State) {
        switch record.content {
        case .operations(let operations):
            for operation in operations { follow(operation, record.serial, &state) }
        case .started(let process, let handles): state.holders.start(process, handles)
        case .ended: endProcess(record.serial, &state)
        }
    }

    private func follow(_ operation: FileOperation, _ serial: UInt32, _ state: inout State) {
        switch operation {
        case .open(let handle, _), .openNameless(let handle, _, _, _):
            state.holders.open(handle, by: serial)
        case .close(let handle):
            if state.holders.close(handle, by: serial) { add(.close(handle), &state) }
            return
        case .write(let target, _, _):
            // Its own times follow.
            if case .setTimes(target, _)? = state.operations.last { state.operations.removeLast() }
        default: break
        }
        record(operation, in: &state)
    }

    private func endProcess(_ serial: UInt32, _ state: inout State) {
        for handle in state.holders.end(serial) { add(.close(handle), &state) }
    }

    // MARK: - Starting a child

    /// Has `start` fork a child, which has these files open: the child's pid, or a negative errno. The child is given
    /// what `start` is given.
    ///
    /// With the lock over the fork, so that the child says nothing before it is known here. Death in the middle of it
    /// leaves a child that nobody knows of.
    func fork(_ handles: [FileOperation.Handle], _ start: (ForkedVolumes) -> Int) -> Int {
        guard let share else { return failed(ENOMEM) }
        return state.withLock { state in
            if state.hasLeft { return failed(EAGAIN) }
            if share.isChild {
                lockWithRoom(share)
            } else {
                share.lock()
                takeFromChildren(share, &state)
            }
            defer { share.unlock() }
            guard let serial = share.nextSerial() else { return failed(EAGAIN) }
            share.beginChange()
            defer { share.endChange() }
            let pid = start(ForkedVolumes(roots: roots, share: share, serial: serial))
            guard pid > 0, isRecording, share.brokenBy == 0 else { return pid }
            let ticks = HostProcess(Int32(pid))?.startTicks ?? 0
            let process = SharedRecord.StartedProcess(serial: serial, pid: Int32(pid), startTicks: ticks)
            share.append(SharedRecord(serial: share.serial, .started(process, handles)).encoded)
            return pid
        }
    }

    // MARK: - Signals

    /// Sends a signal that takes effect whatever its receiver does (SIGKILL, SIGSTOP), while no process changes a file:
    /// so that none that the guest itself kills leaves a change behind that nobody knows of, and none that it stops
    /// keeps the lock.
    func send(_ signal: Int32, to pid: Int32, _ call: () -> Int) -> Int {
        guard let share, share.isUsed, isRecording else { return call() }
        return state.withLock { _ in
            share.withLock {
                let result = call()
                if result == 0, signal == SIGSTOP, pid > 0 { HostProcess.waitUntilStopped(pid) }
                return result
            }
        }
    }
}

/// What a child has of its parent's journal.
struct ForkedVolumes: Sendable {
    let roots: VolumeRoots
    let share: VolumeShare
    let serial: UInt32

    /// In the child.
    func journal(fault: TestFault?) -> VolumeJournal {
        FileDescription.raiseIdentities(above: VolumeShare.identities(of: serial))
        return VolumeJournal(roots, VolumeShare(forkedFrom: share, serial: serial), fault: fault)
    }
}
