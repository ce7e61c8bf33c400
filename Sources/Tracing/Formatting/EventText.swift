import SyscallShapes

/// Lines that are no calls: signals, and the ends of threads and processes.
public enum EventText {
    /// `--- SIGCHLD {si_signo=SIGCHLD, …} ---`. `information` is the siginfo_t; all of it or nothing.
    public static func appendSignal(
        _ number: Int32, information: UnsafeRawBufferPointer, _ text: inout TraceText
    ) {
        text.append("--- ")
        SignalName.append(full: number, &text)
        text.append(byte: UInt8(ascii: " "))
        if information.count >= MemoryContent.signalInformation.byteCount {
            SignalText.append(information: information, &text)
            text.append(byte: UInt8(ascii: " "))
        }
        text.append("---")
    }

    /// `+++ exited with 0 +++`.
    public static func appendExit(status: Int32, _ text: inout TraceText) {
        text.append("+++ exited with ")
        text.append(signed: Int64(status))
        text.append(" +++")
    }

    /// `+++ killed by SIGSEGV +++`.
    public static func appendKilled(by signal: Int32, coreDumped: Bool = false, _ text: inout TraceText) {
        text.append("+++ killed by ")
        SignalName.append(full: signal, &text)
        if coreDumped { text.append(" (core dumped)") }
        text.append(" +++")
    }
}
