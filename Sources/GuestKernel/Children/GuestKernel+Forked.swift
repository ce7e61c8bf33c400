import CGuestEntry
import Glibc
import GuestMemory
import Synchronization
import Volumes

extension GuestKernel {
    /// The kernel of a child, in the forked process.
    convenience init(forked image: ForkImage) {
        self.init(
            configuration: image.configuration, memory: image.memory,
            start: KernelStart(
                clock: image.clock, identity: GuestIdentity(childOf: image.parent),
                limits: ResourceLimits(image.limits), signals: SignalTable(actions: image.actions),
                callSites: CallSiteTable(image.callSites, adds: image.configuration.rewrites), mounts: image.mounts,
                volumes: image.volumes?.journal(fault: image.configuration.testFault), stopOrder: image.stopOrder))
        memory.openAfterFork(wipes: !image.request.sharesMemory)
        if image.request.sharesMemory {
            do throws(TrackerError) {
                try memory.beginLoan()
            } catch {
                image.configuration.report("what a child of vfork writes stays its own: \(error.message)")
            }
        }
        if image.request.clearsHandlers { signals.forgetHandlers() }
        setProgram(image.program)
        reported.withLock { $0 = image.reported }
        network.raiseObjectNumber(to: image.networkObjectNumber)
        var volumeFiles: [FileOperation.Handle: VolumeFile] = [:]
        let inherited = image.files.map { $0.description(self, &volumeFiles) }
        files.restore(
            image.descriptors.map { number, file, closesOnExec in
                (number, FileTable.Entry(file: inherited[file], closesOnExec: closesOnExec))
            }, limit: image.descriptorLimit)
        files.giveDirectAccess()
        let identities = Dictionary(inherited.map { ($0.identity, $0) }, uniquingKeysWith: { first, _ in first })
        segments.restore(image.segments, identities, isInherited: true)
        execution = image.execution
        parentHold.store(image.hold?.writeEnd ?? -1, ordering: .relaxed)
    }

    /// Starts the child's only thread. 0 or an errno.
    func startForkedThread(_ image: ForkImage) -> Int32 {
        guard let thread = try? GuestThread(kernel: self, tid: identity.pid, name: image.thread.name) else {
            return ENOMEM
        }
        image.thread.install(in: thread)
        // GS of the parent's thread was its own context.
        if !callSites.hasGS { guest_context_release_gs(thread.context) }
        thread.origin = .forked
        if image.request.childTid != 0 { _ = GuestAccess.store(identity.pid, at: image.request.childTid) }
        return start(thread)
    }

    /// Lets the parent of vfork go on, with what this process has changed in its memory: the child has another program,
    /// or ends.
    func releaseParent() {
        let hold = parentHold.exchange(-1, ordering: .relaxed)
        if hold < 0 { return }
        for change in memory.endLoan() { ParentHold.send(change, hold) }
        hostCall(__NR_close, UInt64(signed: hold))
    }
}
