import CGuestEntry
import Glibc
import GuestLoader
import GuestMemory

extension GuestKernel {
    /// Replaces the guest's program. The caller's thread ends without a trace of it, and its result is what a tracer is
    /// shown; where the guest ends meanwhile, nothing is.
    func execute(_ program: PreparedProgram, _ thread: GuestThread) -> Int {
        endOthers(than: thread)
        guard !isEnding else { return failed(EINTR) }
        releaseMemory(of: thread)
        execution?.set()
        releaseParent()
        for file in files.takeClosedOnExec() { withExtendedLifetime(file) {} }
        signals.forgetHandlers()
        timers.forgetCreated()
        identity.attributes.withLock { $0.dumpable = 1 }
        let result = replaceProgram(program, thread)
        if result != 0 {
            // As the kernel, which has no program to return to either.
            reportOnce("the guest's new program \(program.path) does not fit into memory: errno \(result)")
            end(.signalled(SIGKILL))
        }
        thread.isReplaced = result == 0
        thread.mustEnd.store(true, ordering: .releasing)
        guest_context_request_stop(thread.context)
        return 0
    }

    /// Ends every other thread, and waits until they are gone.
    private func endOthers(than thread: GuestThread) {
        while threads.count > 1, !isEnding {
            threads.visit { other in
                if other !== thread { other.mustEnd.store(true, ordering: .releasing) }
            }
            for other in threads.snapshot() where other !== thread { other.requestAttention() }
            thread.sleepBriefly()
        }
    }

    private func replaceProgram(_ program: PreparedProgram, _ thread: GuestThread) -> Int32 {
        guard memory.reset() else { return ENOMEM }
        segments.removeUnused(memory)
        callSites.reset(vdso: 0)
        let loaded: LoadedProgram
        do throws(ProgramError) {
            loaded = try load(program)
        } catch {
            return error.errno
        }
        guard let next = makeFirstThread(of: loaded, calledBy: program.path) else { return ENOMEM }
        next.signals = signals.state.withLock { _ in thread.signals }
        next.processorOffsetNanoseconds = thread.processorNanoseconds ?? 0
        next.origin = .executed
        // The new thread's records come after it.
        if thread.context.pointee.trace_has_begun != 0 { thread.traceResult(0) }
        isExecuting.store(false, ordering: .sequentiallyConsistent)
        return start(next, replacing: thread)
    }
}
