import CGuestEntry
import CThreadGate
import Glibc
import GuestKernel
import GuestMemory
import Transport

/// The role of `understudy mirror`: waits for a primary, keeps its guest's last whole epoch, and goes on with the guest
/// when the primary falls.
public final class MirrorRun: Sendable {
    private let request: MirrorRequest
    private let start: StartState
    private let reportFile: ReportFile?
    private let started = Timestamp.now()

    /// Waits, takes over if need be, and ends this process.
    public static func run(_ request: MirrorRequest) -> Never {
        var start = StartState.take()
        StartOver.ifNeeded(start)
        if let descriptor = request.announceDescriptor { start = start.without(descriptor) }
        do throws(SupervisorError) {
            thread_gate_join()
            try InheritedDescriptors.fillStandardOnes()
            let signals = try SignalForwarder()
            let reportFile = try request.reportFile.map { path throws(SupervisorError) in try ReportFile(path: path) }
            let run = MirrorRun(request, start, reportFile)
            try run.watch(signals)
        } catch {
            request.messages.say(.error, error.message)
            ProcessEnd.exit(error.code.rawValue)
        }
    }

    private init(_ request: MirrorRequest, _ start: StartState, _ reportFile: ReportFile?) {
        self.request = request
        self.start = start
        self.reportFile = reportFile
    }

    private func watch(_ signals: SignalForwarder) throws(SupervisorError) -> Never {
        // Chosen now, while a failure can still be told to who starts the mirror.
        let dispatch = try DispatchProbe.choose(request.dispatch)
        let role = try MirrorRole(request, start)
        try HostThreads.start("listener") { role.acceptForEver() }
        try announce(role.listener)
        if request.announceDescriptor != nil { try HostThreads.start("parent") { role.endWithParent() } }
        let watch = try MirrorSignals.start(role, isPartOfRun: request.announceDescriptor != nil)
        GuestKernel.warmUp()
        // It sleeps from here on; once it is woken, nothing matters more.
        let urgency = Urgency()
        switch role.waitForOrder() {
        case .finish: ProcessEnd.exit(0)
        case .interrupted(let signal):
            role.state.withLock { $0.session }?.giveUp("the mirror was told to end")
            ProcessEnd.die(by: signal)
        case .standDown(let reason):
            role.state.withLock { $0.session }?.giveUp(reason)
            throw SupervisorError(.failed, "this mirror ends: \(reason)")
        case .wait, .takeOver: try takeOver(role, dispatch, signals, watch, urgency)
        }
    }

    private func announce(_ listener: LinkListener) throws(SupervisorError) {
        guard let descriptor = request.announceDescriptor else {
            request.messages.say(.info, "listening on \(listener.address)")
            return
        }
        let line = Array("\(listener.address)\n".utf8)
        let written = hostCall(__NR_write, UInt64(signed: descriptor), UInt64(address: line), UInt64(line.count))
        hostCall(__NR_close, UInt64(signed: descriptor))
        guard written == line.count else { throw SupervisorError(.failed, "whoever started this mirror is gone") }
    }

    // MARK: - The takeover

    private func takeOver(
        _ role: MirrorRole, _ dispatch: DispatchMethod, _ signals: SignalForwarder, _ watch: MirrorSignals,
        _ urgency: Urgency
    ) throws(SupervisorError) -> Never {
        guard let session = role.state.withLock({ $0.session }) else {
            throw SupervisorError(.failed, "there is no guest to take over")
        }
        let (guest, handed) = try session.endForTakeover()
        let takeover = Takeover(
            guest: guest, memory: role.memory, handed: handed, primary: role.state.withLock { $0.machine?.primary },
            volumes: session.volumes, dispatch: dispatch, start: start, messages: request.messages)
        let kernel = try takeover.rebuild()
        InheritedDescriptors.giveUp(start.descriptors)
        if let end = guest.end {
            urgency.end()
            // The guest had ended: all that was left to do was to show its last output.
            request.messages.say(.info, "took over at epoch \(guest.epoch)")
            finish(kernel, end, guest)
        }
        watch.end()
        // Threads that are started from here on have the priority of this one.
        urgency.end()
        try signals.start(kernel) { [self] in endByInterrupt(kernel, guest) }
        let failed = kernel.startRestoredThreads()
        guard failed == 0 else {
            throw SupervisorError(.failed, "the guest's threads cannot be started: \(errorText(failed))")
        }
        request.messages.say(.info, "took over at epoch \(guest.epoch)")
        session.noteGuestRuns()
        writeReport(kernel, guest) { _ in }
        let end = kernel.waitForEnd()
        finish(kernel, end, guest)
    }

    private func finish(_ kernel: GuestKernel, _ end: GuestEnd, _ guest: CommittedGuest) -> Never {
        kernel.unemitted.wait()
        ProcessEnd.take()
        GuestKernel.raiseHostFileSizeLimit()
        writeReport(kernel, guest) { report in
            switch end {
            case .exited(let status): report.exitStatus = status & 0xff
            case .signalled(let signal): report.setSignal(signal, name: signalName(signal))
            }
        }
        ProcessEnd.end(as: end)
    }

    private func endByInterrupt(_ kernel: GuestKernel, _ guest: CommittedGuest) -> Never {
        ProcessEnd.take()
        request.messages.say(.error, "third interrupt: ending without the guest")
        GuestKernel.raiseHostFileSizeLimit()
        writeReport(kernel, guest) { report in
            report.setSignal(SIGINT, name: signalName(SIGINT))
            report.error = "ended by the third interrupt"
        }
        ProcessEnd.die(by: SIGINT)
    }

    private func writeReport(_ kernel: GuestKernel, _ guest: CommittedGuest, _ complete: (inout RunReport) -> Void) {
        guard let reportFile else { return }
        let ended = Timestamp.now()
        let words = kernel.program.arguments.map { String(decoding: $0, as: UTF8.self) }
        var report = RunReport(
            pid: getpid(), program: kernel.program.path, arguments: words,
            dispatch: kernel.configuration.dispatch.name, started: started.text, ended: ended.text,
            wallSeconds: ended.seconds(since: started))
        report.fill(from: kernel, stops: nil, commits: nil)
        report.takeoverEpoch = guest.epoch
        complete(&report)
        do throws(SupervisorError) {
            try reportFile.write(report)
        } catch {
            request.messages.say(.error, error.message)
        }
    }
}
