import Glibc
import Supervisor
import Tracing

/// Where a trace's lines go: a descriptor that was opened already, or a shell's command that is started here.
struct TraceCommandOutput: ~Copyable {
    let descriptor: Int32
    private let command: UnsafeMutablePointer<FILE>?

    init(_ output: TraceOutput, opened: Int32) throws(SupervisorError) {
        guard case .command(let text) = output else {
            descriptor = opened
            command = nil
            return
        }
        // Every signal is blocked here, and whatever else this process blocks a command would inherit.
        var none = sigset_t()
        var previous = sigset_t()
        sigemptyset(&none)
        sigprocmask(SIG_SETMASK, &none, &previous)
        defer { sigprocmask(SIG_SETMASK, &previous, nil) }
        guard let started = popen(text, "we") else {
            throw SupervisorError(.failed, "trace: \(text): \(String(cString: strerror(errno)))")
        }
        command = started
        descriptor = fileno(started)
    }

    /// Closes it, and waits for a command's end.
    consuming func finish() {
        if let command { pclose(command) }
    }
}
