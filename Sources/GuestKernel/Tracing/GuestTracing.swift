import CGuestEntry
import SyscallShapes

/// How a guest's calls are traced.
public struct GuestTracing: Sendable {
    public let area: TraceArea
    public let limits: CaptureLimits
    /// Whether descriptors are shown with their paths (-y).
    public let showsDescriptorPaths: Bool

    /// Whether the stack that a call is made from goes with it (-k).
    public let showsStacks: Bool
    /// Calls that are failed, delayed or come with a signal (-e inject=).
    public let injections: InjectionPlan
    /// What tells the reader, by being closed everywhere, that there will be no more.
    public let lifeDescriptor: Int32

    public init(
        area: TraceArea, limits: CaptureLimits, showsDescriptorPaths: Bool, showsStacks: Bool,
        injections: InjectionPlan, lifeDescriptor: Int32
    ) {
        self.lifeDescriptor = lifeDescriptor
        self.area = area
        self.limits = limits
        self.showsDescriptorPaths = showsDescriptorPaths
        self.showsStacks = showsStacks
        self.injections = injections
    }

    /// The same for a child.
    var forked: GuestTracing {
        GuestTracing(
            area: TraceArea(forking: area), limits: limits, showsDescriptorPaths: showsDescriptorPaths,
            showsStacks: showsStacks, injections: injections, lifeDescriptor: lifeDescriptor)
    }

    var hostDescriptors: [Int32] { [area.descriptor, area.wakeDescriptor, lifeDescriptor] }

    /// The most that a record takes; what does not fit is left out of it. A beginning needs room for two.
    var recordByteCountMax: Int { area.ringByteCount / Int(GUEST_TRACE_RECORDS_LEAST) }

    /// Whether every call that is traced has to be made in the supervisor.
    var needsSupervisor: Bool { showsDescriptorPaths || showsStacks || !injections.isEmpty }
}
