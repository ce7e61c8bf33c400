import CGuestEntry
import CThreadGate
import Glibc
import GuestKernel
import GuestLoader
import GuestMemory

/// The role of `understudy run`: starts the guest, stands by, and ends as it ends.
public final class GuestRun: Sendable {
    private let request: RunRequest
    private let start: StartState
    private let reportFile: ReportFile?
    private let started = Timestamp.now()

    /// Runs the guest and ends this process: by the guest's exit status or signal, or by an error of ours.
    public static func run(_ request: RunRequest) -> Never {
        let start = StartState.take()
        StartOver.ifNeeded(start)
        do throws(SupervisorError) {
            thread_gate_join()
            try InheritedDescriptors.fillStandardOnes()
            let signals = try SignalForwarder()
            let reportFile = try request.reportFile.map { path throws(SupervisorError) in try ReportFile(path: path) }
            // A mirror that is started from here gets it after `--workdir`.
            var request = request
            request.reportFile = request.reportFile.map(ReportFile.absolute)
            if let path = request.replication?.blackholeFile {
                request.replication?.blackholeFile = ReportFile.absolute(path)
            }
            if let path = request.trace?.file?.path { request.trace?.file?.path = ReportFile.absolute(path) }
            let run = GuestRun(request, start, reportFile)
            run.runGuest(signals)
        } catch {
            request.messages.say(.error, error.message)
            ProcessEnd.exit(error.code.rawValue)
        }
    }

    private init(_ request: RunRequest, _ start: StartState, _ reportFile: ReportFile?) {
        self.request = request
        self.start = start
        self.reportFile = reportFile
    }

    private func runGuest(_ signals: SignalForwarder) -> Never {
        do throws(SupervisorError) {
            let environment = try guestEnvironment()
            let pidFile = request.pidFile.map(absolute)
            try changeDirectory()
            let path = try ProgramSearch.path(of: request.program, environment: environment)
            let connection = try connectToMirror()
            let trace = try request.trace.map { setup throws(SupervisorError) in try TraceProcess.start(setup) }
            let kernel = try makeKernel(trace)
            kernel.adoptOutsideDescriptors(start.descriptors)
            InheritedDescriptors.giveUp(start.descriptors)
            if let pidFile { try writePid(to: pidFile) }
            let role = try makeRole(connection, kernel)
            try load(kernel, path, environment)
            try signals.start(kernel) { [self] in endByInterrupt(kernel) }
            try request.testStops?.start(kernel)
            try role?.start()
            if let role, let output = kernel.output { ControlService.start(role, output, request.messages) }
            if let output = kernel.output { try request.testCommits?.start(kernel, output) }
            let end = kernel.waitForEnd()
            role?.finish(end)
            finish(kernel, end, role, trace)
        } catch {
            fail(error)
        }
    }

    // MARK: - Before the guest

    private func guestEnvironment() throws(SupervisorError) -> [[UInt8]] {
        var environment = GuestEnvironment(start.environment)
        for path in request.environmentFiles {
            try environment.setAll(fromFile: try content(of: path), path: path)
        }
        for change in request.environmentChanges {
            let isName = !change.contains(UInt8(ascii: "="))
            if isName, request.isNamedVariableRemoved { environment.remove(change) } else { environment.set(change) }
        }
        return environment.strings
    }

    private func content(of path: String) throws(SupervisorError) -> [UInt8] {
        guard let file = fopen(path, "re") else {
            throw SupervisorError(.failed, "--env-file \(path): \(errorText(errno))")
        }
        defer { fclose(file) }
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            content += chunk.prefix(count)
            if count < chunk.count { break }
        }
        if ferror(file) != 0 { throw SupervisorError(.failed, "--env-file \(path): cannot be read") }
        return content
    }

    private func changeDirectory() throws(SupervisorError) {
        guard let directory = request.workingDirectory else { return }
        guard chdir(directory) == 0 else {
            throw SupervisorError(.failed, "--workdir \(directory): \(errorText(errno))")
        }
    }

    /// Relative paths are meant from where Understudy was started, not from the guest's directory.
    private func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let directory = getcwd(nil, 0) else { return path }
        defer { free(directory) }
        return "\(String(cString: directory))/\(path)"
    }

    private func makeKernel(_ trace: TraceProcess?) throws(SupervisorError) -> GuestKernel {
        guard HostCheck.hasFsgsbase else {
            throw SupervisorError(
                .failed, "this kernel or CPU has no FSGSBASE (Linux 5.9, Ivy Bridge or Zen); see understudy check")
        }
        guard HostCheck.vectorStateFits else {
            throw SupervisorError(
                .failed, "this CPU's vector state is larger than Understudy has room for; see understudy check")
        }
        var configuration = GuestConfiguration(
            dispatch: try DispatchProbe.choose(request.dispatch), messages: request.messages)
        configuration.rewrites = request.rewrites
        if let count = request.rewritesAfter { configuration.rewritesAfter = count }
        if let trace, let setup = request.trace {
            configuration.tracing = GuestTracing(
                area: trace.area, limits: setup.limits, showsDescriptorPaths: setup.showsDescriptorPaths,
                showsStacks: setup.showsStacks, injections: setup.injections,
                lifeDescriptor: trace.lifeDescriptor)
        }
        configuration.replicates = request.replication != nil || request.testCommits != nil
        configuration.testFault = request.replication?.testFault
        configuration.confinesWrites = request.replication.map { $0.target != .blackhole } ?? false
        configuration.volumes = request.replication?.volumes ?? []
        configuration.writableExceptions = request.replication?.writableExceptions ?? []
        // What a guest's children do is not replicated: they do not go on without it.
        if configuration.replicates { configuration.lifeDescriptor = ForkedRun.lifeDescriptor() }
        configuration.originalStackLimit = start.stackLimit
        configuration.signalMask = start.signalMask
        configuration.ignoredSignals = start.ignoredSignals
        do {
            return GuestKernel(configuration: configuration, memory: try AddressSpace())
        } catch {
            throw StartOver.explain(error.errno)
        }
    }

    /// Before the guest: whatever is wrong with the mirror shows now.
    private func connectToMirror() throws(SupervisorError) -> PrimaryConnection? {
        guard let replication = request.replication else { return nil }
        switch replication.target {
        case .endpoint(let endpoint): return try PrimaryConnection(endpoint, replication, request.messages)
        case .blackhole: return nil
        case .local:
            let mirror = try LocalMirror.start(request, replication, start)
            request.messages.say(.info, "mirror is process \(mirror.pid)")
            return try PrimaryConnection(mirror.endpoint, replication, request.messages)
        }
    }

    private func makeRole(
        _ connection: PrimaryConnection?, _ kernel: GuestKernel
    ) throws(SupervisorError) -> (any ReplicationRole)? {
        guard let replication = request.replication, let output = kernel.output else { return nil }
        try TrackerProbe.start(replication.tracker, kernel.memory)
        guard let connection else { return try Blackhole(kernel, output, replication, request.messages) }
        return try Primary(connection, kernel, output, replication, request.messages) { [self] in
            ProcessEnd.take()
            request.messages.say(.error, "superseded: the mirror at \(connection.peer) has taken over")
            ProcessEnd.exit(SupervisorError.Code.failed.rawValue)
        }
    }

    private func writePid(to path: String) throws(SupervisorError) {
        guard let file = fopen(path, "we") else {
            throw SupervisorError(.failed, "--pid-file \(path): \(errorText(errno))")
        }
        let written = fputs("\(getpid())\n", file)
        if fclose(file) != 0 || written < 0 {
            throw SupervisorError(.failed, "--pid-file \(path): \(errorText(errno))")
        }
    }

    private func load(_ kernel: GuestKernel, _ path: String, _ environment: [[UInt8]]) throws(SupervisorError) {
        do {
            try kernel.start(
                path: path, arguments: [request.program] + request.arguments, environment: environment)
        } catch {
            throw SupervisorError(error)
        }
    }

    // MARK: - After the guest

    private func finish(
        _ kernel: GuestKernel, _ end: GuestEnd, _ role: (any ReplicationRole)?, _ trace: TraceProcess?
    ) -> Never {
        if let output = kernel.output, let problem = request.testCommits?.finish(kernel, output) {
            fail(SupervisorError(.failed, problem))
        }
        let traceProblem = trace?.finish(end)
        ProcessEnd.take()
        writeReport(kernel) { report in
            report.error = traceProblem
            if let role { report.fill(from: role.statistics) }
            switch end {
            case .exited(let status): report.exitStatus = status & 0xff
            case .signalled(let signal): report.setSignal(signal, name: signalName(signal))
            }
        }
        if let traceProblem {
            request.messages.say(.error, traceProblem)
            ProcessEnd.exit(SupervisorError.Code.failed.rawValue)
        }
        ProcessEnd.end(as: end)
    }

    private func endByInterrupt(_ kernel: GuestKernel) -> Never {
        ProcessEnd.take()
        request.messages.say(.error, "third interrupt: ending without the guest")
        writeReport(kernel) { report in
            report.setSignal(SIGINT, name: signalName(SIGINT))
            report.error = "ended by the third interrupt"
        }
        ProcessEnd.die(by: SIGINT)
    }

    private func fail(_ error: SupervisorError) -> Never {
        ProcessEnd.take()
        request.messages.say(.error, error.message)
        writeReport(nil) { $0.error = error.message }
        ProcessEnd.exit(error.code.rawValue)
    }

    private func writeReport(_ kernel: GuestKernel?, _ complete: (inout RunReport) -> Void) {
        guard let reportFile else { return }
        GuestKernel.raiseHostFileSizeLimit()
        let ended = Timestamp.now()
        let words = ([request.program] + request.arguments).map { String(decoding: $0, as: UTF8.self) }
        var report = RunReport(
            pid: getpid(), program: kernel?.program.path ?? words[0], arguments: words,
            dispatch: kernel?.configuration.dispatch.name, started: started.text, ended: ended.text,
            wallSeconds: ended.seconds(since: started))
        if let kernel { report.fill(from: kernel, stops: request.testStops, commits: request.testCommits) }
        complete(&report)
        do throws(SupervisorError) {
            try reportFile.write(report)
        } catch {
            request.messages.say(.error, error.message)
        }
    }
}
