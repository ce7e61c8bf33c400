import GuestKernel

/// What `understudy mirror` was asked for.
public struct MirrorRequest: Sendable {
    /// `HOST:PORT`.
    public var listen: String
    /// Nil chooses the best that the kernel has.
    public var dispatch: DispatchMethod?
    public var reportFile: String?
    public var messages = MessageLog(format: .text)
    public var peers = PeerRequest()
    /// The guest's volumes are below this directory; nil keeps them at their own paths.
    public var volumeRoot: String?
    /// Set by `run --mirror local`: where it learns the port. Such a mirror is part of `run`: it leaves the terminal's
    /// signals to it, and ends when it ends.
    public var announceDescriptor: Int32?

    public init(listen: String) {
        self.listen = listen
    }
}
