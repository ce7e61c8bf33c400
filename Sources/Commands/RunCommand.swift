import ArgumentParser
import CGuestEntry
import Glibc
import GuestKernel
import GuestLoader
import GuestMemory
import Supervisor

/// `understudy run`: a guest alone.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run", abstract: "Run a guest.")

    @Option(help: "How syscalls are caught: auto, inclusive, selector or seccomp.")
    var dispatch = "auto"

    @Argument(help: "The program to run.")
    var program: String

    @Argument(parsing: .captureForPassthrough, help: "The program's arguments.")
    var arguments: [String] = []

    func run() throws {
        HostSignals.setMask(~0)
        let event = Int32(hostCall(__NR_eventfd2, 0, UInt64(O_CLOEXEC)))
        guest_signals_install(event)
        let methods: [String: DispatchMethod] = ["auto": .inclusive, "inclusive": .inclusive, "selector": .selector, "seccomp": .seccomp]
        guard let method = methods[dispatch] else { throw ValidationError("bad --dispatch") }
        var environment: [[UInt8]] = []
        var cursor = environ
        while let entry = cursor.pointee {
            environment.append(Array(String(cString: entry).utf8))
            cursor += 1
        }
        var path = program
        if !path.contains("/") {
            let directories = (getenv("PATH").map { String(cString: $0) } ?? "/bin:/usr/bin").split(separator: ":")
            path = directories.map { "\($0)/\(program)" }.first { access($0, X_OK) == 0 } ?? program
        }
        let launch = GuestLaunch(
            path: path, arguments: ([program] + arguments).map { Array($0.utf8) }, environment: environment,
            configuration: GuestConfiguration(dispatch: method, report: { say($0) }))
        do {
            let kernel = try launch.start()
            switch kernel.waitForEnd() {
            case .exited(let status): Glibc.exit(status)
            case .signalled(let signal):
                guest_signals_restore_default(signal)
                kill(getpid(), signal)
                Glibc.exit(128 + signal)
            }
        } catch let error as ProgramError {
            say(error.message)
            let codes: [Int32] = [127, 126, 125]
            Glibc.exit(error.code == .notFound ? codes[0] : error.code == .notRunnable ? codes[1] : codes[2])
        }
    }
}

/// One line on stderr.
private func say(_ line: String) {
    let bytes = Array("understudy: \(line)\n".utf8)
    hostCall(__NR_write, 2, UInt64(address: bytes), UInt64(bytes.count))
}
