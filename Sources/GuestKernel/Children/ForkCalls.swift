import CGuestEntry
import CThreadGate
import Glibc
import GuestMemory

/// fork, vfork, and clone where it starts a process.
///
/// The child is a copy of this process: its memory is the kernel's copy on write, its supervisor starts anew on what
/// `ForkImage` has, on threads of its own (child.c). The guest's threads are stopped meanwhile, as for a checkpoint, so
/// that none of them is in the middle of anything.
enum ForkCalls {
    static func fork(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        start(thread, ForkRequest())
    }

    static func vfork(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var request = ForkRequest()
        request.holdsParent = true
        request.sharesMemory = true
        return start(thread, request)
    }

    static func start(_ thread: GuestThread, _ request: ForkRequest) -> Int {
        let kernel = thread.kernel
        // After a takeover, or an interruption, in the middle of vfork's wait: the child was started.
        if let pid = thread.waiter.result { return waitForRelease(thread, pid) }
        guard kernel.configuration.runForkedProcess != nil else { return failed(ENOSYS) }
        let settled = thread.settleInherited()
        if settled != 0 { return settled }
        var hold: ParentHold?
        if request.holdsParent {
            hold = ParentHold()
            if hold == nil { return failed(EAGAIN) }
        }
        let pid = forkStopped(thread, request, hold)
        if pid < 0 { return pid }
        if request.parentTid != 0 { _ = GuestAccess.store(Int32(pid), at: request.parentTid) }
        // It may have ended before it was in the table.
        kernel.noteChildEnds()
        guard let hold else { return pid }
        thread.waiter.result = pid
        hold.closeWriteEnd()
        thread.parentHold = hold
        return waitForRelease(thread, pid)
    }

    private static func forkStopped(_ thread: GuestThread, _ request: ForkRequest, _ hold: ParentHold?) -> Int {
        let kernel = thread.kernel
        kernel.gate.stop(kernel, caller: thread)
        defer { kernel.gate.resume() }
        guard thread_gate_close() else {
            kernel.configuration.report("fork fails, as a thread of Understudy's does not come to rest")
            return failed(EAGAIN)
        }
        defer { thread_gate_open() }
        kernel.futexes.useHost()
        FileDescription.areShared.store(true, ordering: .relaxed)
        if !request.sharesMemory || kernel.givesMemoryToPrograms { kernel.memory.noteSharedWithChildren() }
        guard let volumes = kernel.volumes, volumes.isRecording else {
            return fork(ForkImage(of: thread, request, hold: hold, nil), kernel)
        }
        return volumes.fork(kernel.files.volumeHandles) { volumes in
            fork(ForkImage(of: thread, request, hold: hold, volumes), kernel)
        }
    }

    private static func fork(_ image: ForkImage, _ kernel: GuestKernel) -> Int {
        while true {
            let pid = ForkedProcess.start(image)
            if pid < 0 { return pid }
            guard image.takenPids.contains(Int32(pid)) else {
                let child = Child(pid: Int32(pid), exitSignal: image.request.exitSignal, execution: image.execution)
                kernel.children.add(child)
                return pid
            }
            // It ends by itself.
            hostCall(__NR_wait4, UInt64(pid), 0, 0, 0)
        }
    }

    /// Waits until the child has another program or has ended. Only the end of the guest ends that sooner.
    private static func waitForRelease(_ thread: GuestThread, _ pid: Int) -> Int {
        guard let hold = thread.parentHold else { return pid }
        var received: [UInt8] = []
        while true {
            thread.wakeWord.store(0, ordering: .sequentiallyConsistent)
            // After the word was cleared, so that an end that wakes the thread from now on is not missed.
            if thread.hasToEnd { break }
            var entry = pollfd(fd: hold.readEnd, events: Int16(POLLIN), revents: 0)
            let result = thread.sleepInKernel { mask in
                hostCall(__NR_ppoll, UInt64(address: &entry), 1, 0, UInt64(address: mask), 8)
            }
            if result > 0, !hold.receive(&received) { break }
        }
        thread.parentHold = nil
        return pid
    }
}
