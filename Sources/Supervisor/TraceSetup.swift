import GuestKernel
import SyscallShapes

/// How a run is traced: what the guest's threads write down, and what reads it.
public struct TraceSetup: Sendable {
    public var area = TraceArea.Options()
    public var limits = CaptureLimits()
    /// Whether descriptors are shown with their paths.
    public var showsDescriptorPaths = false
    /// Whether the stack that a call is made from goes with it.
    public var showsStacks = false
    public var injections = InjectionPlan()
    /// Where lines go; nil for standard error, and for what the reader opens itself.
    public var file: File?

    /// A file that the trace is written to.
    public struct File: Sendable {
        public var path: String
        /// Written to at its end, instead of over.
        public var isAppended: Bool

        public init(path: String, isAppended: Bool) {
            self.path = path
            self.isAppended = isAppended
        }
    }

    public init() {}
}
