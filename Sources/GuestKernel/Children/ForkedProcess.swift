import CGuestEntry
import Glibc
import GuestMemory

/// The process that a guest's child runs in.
enum ForkedProcess {
    /// Forks. The child's pid, or a negative errno; in the child it never returns.
    static func start(_ image: ForkImage) -> Int {
        let kept = image.keptDescriptors
        // The parent's reference outlives the fork, the child's is never given back.
        let argument = Unmanaged.passUnretained(image).toOpaque()
        return kept.withUnsafeBufferPointer { kept in
            var plan = host_fork_plan(
                kept: kept.baseAddress, kept_count: UInt64(kept.count), life: image.configuration.lifeDescriptor,
                body: { argument in
                    HostSignals.setMask(HostSignals.helperMask)
                    ForkedProcess.run(Unmanaged<ForkImage>.fromOpaque(argument!).takeUnretainedValue())
                }, argument: argument)
            return Int(host_fork(&plan))
        }
    }

    private static func run(_ image: ForkImage) {
        let kernel = GuestKernel(forked: image)
        guard let run = image.configuration.runForkedProcess else { return }
        run(kernel) { kernel.startForkedThread(image) }
    }
}
