import ArgumentParser
import Supervisor

/// What `run` and `mirror` take alike about the other side.
struct PeerOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("Silence that counts as failure: a duration, or off.", valueName: "duration"),
        transform: FailureTimeoutOption.init(parsing:))
    var failureTimeout: FailureTimeoutOption?

    @Option(
        help: ArgumentHelp(
            "Run before acting on a silent peer on another machine; it must exit 0 once that is off.",
            valueName: "command"))
    var fenceCommand: String?

    @Flag(help: ArgumentHelp("Behave as if the peer were on another machine.", visibility: .hidden))
    var testAsRemote = false

    var request: PeerRequest {
        var request = PeerRequest()
        if let failureTimeout { request.failureTimeoutNanoseconds = failureTimeout.nanoseconds }
        request.fenceCommand = fenceCommand
        request.isTreatedAsRemote = testAsRemote
        return request
    }
}
