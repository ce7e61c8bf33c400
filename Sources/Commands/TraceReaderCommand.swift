import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory
import Supervisor
import Tracing

/// The process that `understudy trace` and `run --trace` start to read what the guest's threads record. Not for users:
/// its words are four descriptors and the command line that it is started by.
enum TraceReaderCommand {
    static let name = "trace-reader"

    /// Reads to the end, and ends this process: 0 when everything was shown.
    static func run(_ words: [String], request: (_ words: [String]) throws -> TraceRequest?) throws -> Never {
        let descriptors = words.prefix(4).compactMap(Int32.init)
        guard descriptors.count == 4, words.dropFirst(4).first == "--" else {
            throw SupervisorError(.usage, "\(name) is started by trace and run --trace only")
        }
        guard let request = try request(Array(words.dropFirst(5))) else {
            throw SupervisorError(.usage, "\(name): the command line traces nothing")
        }
        // What is handed over at a start stays open: it is not for a command that is started here.
        for descriptor in descriptors where descriptor > 2 { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        giveUpOthers(keeping: descriptors, isCommandStarted: request.output.isCommand)
        let (area, wake, life) = (descriptors[0], descriptors[1], descriptors[2])
        let output = try TraceCommandOutput(request.output, opened: descriptors[3])
        let outcome: TraceReader.Outcome
        do {
            outcome = try TraceReader.run(
                request, try TraceRings(area: area, wake: wake, life: life), output: output.descriptor)
        } catch {
            let reason = String(cString: strerror(error.errno))
            throw SupervisorError(.failed, "trace: its records cannot be read: \(reason)")
        }
        output.finish()
        for message in outcome.messages { MessageLog(format: .text).say(.warning, message) }
        exit(outcome.isIncomplete ? 1 : 0)
    }

    /// What else was inherited is the guest's: as long as it is open here, its readers would not see its end.
    /// But for a command, which writes where the guest does.
    private static func giveUpOthers(keeping descriptors: [Int32], isCommandStarted: Bool) {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        for number in isCommandStarted ? [STDIN_FILENO] : [STDIN_FILENO, STDOUT_FILENO]
        where null >= 0 && !descriptors.contains(number) { dup2(null, number) }
        var first: UInt32 = 3
        for kept in descriptors.filter({ $0 > 2 }).sorted().map(UInt32.init) + [UInt32(Int32.max)] {
            if kept > first { hostCall(__NR_close_range, UInt64(first), UInt64(kept - 1), 0) }
            first = kept + 1
        }
    }
}
