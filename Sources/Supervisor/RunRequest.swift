import GuestKernel

/// What `understudy run` was asked for.
public struct RunRequest: Sendable {
    /// PROGRAM as it was given: the guest's argv[0].
    public var program: [UInt8]
    /// The arguments after it.
    public var arguments: [[UInt8]]
    /// Nil chooses the best that the kernel has.
    public var dispatch: DispatchMethod?
    /// Whether call sites of the guest's may be rewritten.
    public var rewrites = true
    /// After how many calls; nil for the usual.
    public var rewritesAfter: UInt32?
    public var environmentFiles: [String] = []
    /// `NAME=value` or `NAME`, after the files.
    public var environmentChanges: [[UInt8]] = []
    /// A `NAME` alone takes the variable away, as under strace; otherwise it changes nothing, as for docker.
    public var isNamedVariableRemoved = false
    public var workingDirectory: String?
    public var pidFile: String?
    public var reportFile: String?
    public var messages = MessageLog(format: .text)
    public var testStops: TestStops?
    /// Nil runs the guest alone.
    public var replication: ReplicationRequest?
    public var testCommits: TestCommits?
    /// Nil traces nothing.
    public var trace: TraceSetup?

    public init(program: [UInt8], arguments: [[UInt8]]) {
        self.program = program
        self.arguments = arguments
    }
}
