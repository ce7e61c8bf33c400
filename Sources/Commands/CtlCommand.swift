import ArgumentParser
import FoundationEssentials
import Glibc
import Supervisor
import Tracing
import Transport

/// `understudy ctl`: looks at, and steers, a running one.
struct CtlCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "ctl",
        abstract: "Look at, and steer, a running understudy.",
        usage: "understudy ctl --pid N status [--json] | epoch DURATION|auto",
        discussion: """
            status shows the pipeline as it is now; epoch changes the longest time between checkpoints. It reaches \
            processes of the same user that replicate (run with --mirror or --blackhole).
            """)

    @Option(help: ArgumentHelp("The process.", valueName: "n"))
    var pid: Int32

    @Flag(help: "Print JSON.")
    var json = false

    @Argument(help: "status, or epoch.")
    var command: String

    @Argument(help: ArgumentHelp("For epoch: 1ms to 24h, or auto.", valueName: "DURATION"))
    var value: String?

    private static let commands = ["status", "epoch"]

    func validate() throws {
        guard pid > 0 else { throw ValidationError("--pid \(pid): a process id is above 0") }
        switch command {
        case "status":
            if let value { throw ValidationError("status takes nothing else, and got \(value)") }
        case "epoch":
            guard value != nil else { throw ValidationError("epoch needs a duration, such as 100ms, or auto") }
            _ = try request
        default:
            let near = NearestNames.of(command, among: CtlCommand.commands).first
            let advice =
                near.map { "; did you mean \($0)?" } ?? ": use \(CtlCommand.commands.joined(separator: " or "))"
            throw ValidationError("ctl has no command \(command)\(advice)")
        }
    }

    func run() throws {
        let answer: String
        do {
            answer = try ControlClient.ask(pid, try request)
        } catch let error as TransportError {
            throw fail(error.message)
        }
        if answer.hasPrefix("error: ") { throw fail(String(answer.dropFirst("error: ".count))) }
        if command != "status" { return }
        if json {
            print(answer, terminator: "")
            return
        }
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        guard let status = try? decoder.decode(PipelineStatus.self, from: Data(answer.utf8)) else {
            throw fail("process \(pid) is of another version: try --json")
        }
        for line in CtlCommand.lines(of: status) { print(line) }
    }

    /// What the process is told.
    private var request: String {
        get throws {
            guard command == "epoch", let value else { return command }
            do {
                switch try EpochChoice(parsing: value) {
                case .automatic: return "epoch auto"
                case .fixed(let nanoseconds): return "epoch \(nanoseconds)"
                }
            } catch let error as ValidationError {
                throw ValidationError("epoch \(value): \(error.message)")
            }
        }
    }

    private func fail(_ message: String) -> ExitCode {
        MessageLog(format: .text).say(.error, message)
        return ExitCode(SupervisorError.Code.failed.rawValue)
    }

    private static func lines(of status: PipelineStatus) -> [String] {
        let (epochs, queue, pace) = (status.epochs, status.queue, status.pace)
        let interval = "\(status.interval.milliseconds) ms\(status.interval.isAuto ? " (auto)" : "")"
        let stretched = status.interval.stretchedMilliseconds
        let isStretched = stretched > status.interval.milliseconds
        func quantiles(_ some: Quantiles) -> String {
            "p50 \(Int(some.p50)) us, p99 \(Int(some.p99)) us, max \(Int(some.max)) us"
        }
        return [
            "process      \(status.pid), \(status.role), \(status.state)",
            "mirror       \(status.mirror ?? "none")",
            "epochs       cut \(epochs.cut), sent \(epochs.sent), committed \(epochs.committed), "
                + "in flight \(epochs.inFlight), by need \(epochs.byNeed)",
            "interval     \(interval)" + (isStretched ? ", stretched to \(stretched) ms" : ""),
            "queue        \(queue.waitingBytes) bytes in \(queue.waitingEpochs) epochs, "
                + "\(queue.sendingBytes) being sent, limit \(queue.limitBytes)",
            "pace         \(status.activity); merged \(pace.merged), stretched \(pace.stretched), "
                + "slowed \(pace.slowed), "
                + "recovered \(pace.recovered); slowed by \(status.slowedPercent) % now",
            "held output  \(status.heldOutputBytes) bytes",
            "link         \(status.linkBytes) bytes",
            "pages        \(status.pages.count), \(status.pages.rawBytes) bytes sent as \(status.pages.encodedBytes); "
                + "\(status.pages.preCopied) copied before a pause",
            "pauses       \(quantiles(status.pauseMicroseconds))",
            "commits      \(quantiles(status.commitMicroseconds))",
        ]
    }
}
