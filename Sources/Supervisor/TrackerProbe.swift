import GuestMemory

/// Which ways of finding dirty pages this kernel has: each is tried, versions are not looked at.
enum TrackerProbe {
    /// Starts the one that is wanted, or the best one there is. No guest thread runs yet.
    static func start(_ wanted: TrackerMethod?, _ memory: AddressSpace) throws(SupervisorError) {
        let method = wanted ?? [TrackerMethod.kernel, .signal].first { $0.isAvailable } ?? .kernel
        if let error = method.unavailability {
            throw SupervisorError(.failed, "--tracker \(method.name): \(error)")
        }
        do throws(TrackerError) {
            try memory.startTracking(method)
        } catch {
            throw SupervisorError(.failed, "--tracker \(method.name): \(error)")
        }
    }
}
