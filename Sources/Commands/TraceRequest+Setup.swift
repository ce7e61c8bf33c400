import GuestKernel
import Supervisor
import SyscallShapes
import Tracing

extension TraceRequest {
    /// What the guest's side has to do for it.
    var setup: TraceSetup {
        var setup = TraceSetup()
        setup.area.calls = calls
        setup.area.textByteCount = lines.stringByteCountMax
        setup.area.drops = dropsRecords
        setup.area.needsTimes = needsTimes
        setup.area.ringByteCount = ringByteCount
        setup.limits = CaptureLimits(
            stringByteCount: lines.stringByteCountMax, isUnabbreviated: lines.abbreviated != .all)
        setup.showsDescriptorPaths = lines.descriptorDetail != .none || !paths.isEmpty
        setup.showsStacks = lines.showsStacks
        setup.injections = injections
        if case .file(let path, let isAppended) = output {
            setup.file = TraceSetup.File(path: path, isAppended: isAppended)
        }
        return setup
    }

    private static let ringByteCountUsual = 1 << 20
    private static let ringByteCountMax = 64 << 20

    /// Of a power of two. A record takes a sixteenth of it at most, and what is larger is cut.
    private var ringByteCount: Int {
        let wanted = bufferByteCount ?? max(TraceRequest.ringByteCountUsual, 32 * lines.stringByteCountMax)
        var byteCount = TraceArea.ringByteCountMin
        while byteCount < min(wanted, TraceRequest.ringByteCountMax) { byteCount *= 2 }
        return byteCount
    }
}
