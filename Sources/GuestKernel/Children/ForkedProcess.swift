import CGuestEntry
import CThreadGate
import Glibc
import GuestMemory

/// The process that a guest's child runs in.
enum ForkedProcess {
    /// Forks. The child's pid, or a negative errno; in the child it never returns.
    static func start(_ image: ForkImage) -> Int {
        // Ends up in the child alone.
        let parent = Int32(max(-1, hostCall(__NR_pidfd_open, UInt64(signed: image.parent.hostPid), 0)))
        defer { if parent >= 0 { hostCall(__NR_close, UInt64(signed: parent)) } }
        let kept = (image.keptDescriptors + (parent >= 0 ? [parent] : [])).sorted()
        // The parent's reference outlives the fork, the child's is never given back.
        let argument = Unmanaged.passUnretained(image).toOpaque()
        return kept.withUnsafeBufferPointer { kept in
            var plan = host_fork_plan(
                kept: kept.baseAddress, kept_count: UInt64(kept.count), life: image.configuration.lifeDescriptor,
                parent: parent,
                body: { argument in
                    thread_gate_reset()
                    HostSignals.setMask(HostSignals.helperMask)
                    ForkedProcess.run(Unmanaged<ForkImage>.fromOpaque(argument!).takeUnretainedValue())
                }, argument: argument)
            return Int(host_fork(&plan))
        }
    }

    private static func run(_ image: ForkImage) {
        guard !image.takenPids.contains(Int32(hostCall(__NR_getpid))) else {
            hostCall(__NR_exit_group, 0)
            return
        }
        let kernel = GuestKernel(forked: image)
        guard let run = image.configuration.runForkedProcess else { return }
        run(kernel) { kernel.startForkedThread(image) }
    }
}
