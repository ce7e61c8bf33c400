/// How a test wants a primary and its mirror started.
public struct ReplicationOptions: Sendable {
    /// Nil leaves it to Understudy.
    public var tracker: Tracker?
    /// Of both sides; nil leaves it to Understudy.
    public var dispatch: Dispatch?
    /// `--epoch`, such as `5ms`; nil for the default.
    public var epoch: String?
    /// `--failure-timeout` of both sides. By default so long that silence on a busy machine is never taken for a
    /// failure: a process that is gone has to be noticed by other means.
    public var failureTimeout = "10s"
    /// Both sides behave as if they were on different machines: no shared page, no listeners handed over, no pidfd.
    public var isAsRemote = false
    /// A shell's preparation of the mirror, such as `ulimit -d 100000`.
    public var mirrorSetup: String?
    /// Where the guest may write although no mirror hears of it: by default where tests have their scratch.
    public var unreplicatedPaths = ["/tmp"]
    /// More words for `run` and for `mirror`.
    public var primaryWords: [String] = []
    public var mirrorWords: [String] = []

    public init(tracker: Tracker? = nil, dispatch: Dispatch? = nil) {
        self.tracker = tracker
        self.dispatch = dispatch
    }

    /// `understudy mirror` listening on `address`.
    public func mirror(listeningOn address: String) -> Command {
        var words = ["mirror", "--listen", address, "--failure-timeout", failureTimeout]
        if let dispatch { words += ["--dispatch", dispatch.rawValue] }
        if isAsRemote { words.append("--test-as-remote") }
        let command = Command(TestEnvironment.understudy, words + mirrorWords)
        guard let mirrorSetup else { return command }
        return command.after(shell: mirrorSetup)
    }

    /// `understudy run` for a guest, with its mirror at `address`.
    public func primary(_ guest: Command, mirroredAt address: String) -> Command {
        var words = ["--mirror", address, "--failure-timeout", failureTimeout]
        if let tracker { words += ["--tracker", tracker.rawValue] }
        if let epoch { words += ["--epoch", epoch] }
        for path in unreplicatedPaths { words += ["--allow-unreplicated-writes", path] }
        return Understudy.run(guest, dispatch: dispatch, options: words + primaryWords)
    }
}
