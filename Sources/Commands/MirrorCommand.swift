import ArgumentParser
import GuestKernel
import Supervisor
import Transport

/// `understudy mirror`: waits for a primary, and takes over when it falls.
struct MirrorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mirror",
        abstract: "Wait for a primary; take over when it falls.",
        discussion: """
            Exits 0 when the guest has ended on the primary. After a takeover it has the guest's standard input, \
            output and error, and ends as the guest does.
            """)

    @Option(
        help: ArgumentHelp("Where primaries connect; port 0 takes any free one.", valueName: "host:port"))
    var listen: String

    @Flag(help: "Listen on something other than loopback although the link is not authenticated yet.")
    var insecure = false

    @Option(
        help: ArgumentHelp("How syscalls are caught: auto, inclusive, selector or seccomp.", valueName: "method"),
        transform: DispatchChoice.init(parsing:))
    var dispatch = DispatchChoice.automatic

    @Option(help: ArgumentHelp("Write a report as JSON at a takeover and when the guest has ended.", valueName: "file"))
    var report: String?

    @Option(
        help: ArgumentHelp("How Understudy's own messages look on stderr: text or json.", valueName: "format"),
        transform: MessageLog.Format.init(option:))
    var logFormat = MessageLog.Format.text

    @Option(
        help: ArgumentHelp(
            "Put the replicated volumes below this directory instead of at their own paths.", valueName: "directory"))
    var volumeRoot: String?

    @OptionGroup var peers: PeerOptions

    @Option(help: ArgumentHelp("Tell the port to this descriptor.", visibility: .hidden))
    var announceDescriptor: Int32?

    func validate() throws {
        do {
            let endpoint = try Endpoint(parsing: listen)
            guard !insecure else { return }
            guard try endpoint.isLoopback() else {
                throw ValidationError(
                    "--listen \(listen) is open to others, and the link is not authenticated yet: add --insecure")
            }
        } catch let error as TransportError {
            throw ValidationError("--listen \(listen): \(error.message)")
        }
    }

    func run() {
        var request = MirrorRequest(listen: listen)
        request.dispatch = dispatch.method
        request.reportFile = report
        request.messages = MessageLog(format: logFormat)
        request.peers = peers.request
        request.volumeRoot = volumeRoot
        request.announceDescriptor = announceDescriptor
        MirrorRun.run(request)
    }
}
