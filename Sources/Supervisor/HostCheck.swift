import Glibc
import GuestKernel

/// What this kernel and CPU offer, and what will be used: `understudy check`.
public struct HostCheck: Sendable, Encodable {
    public let kernel: String
    public let machine: String
    public let features: [HostFeature]
    /// What `--dispatch auto` uses; nil where there is nothing.
    public let dispatch: String?
    public let canRun: Bool

    /// Tries everything.
    public static func make() -> HostCheck {
        // As `run` does, so that both see the same addresses.
        StartOver.ifNeeded(StartState.take())
        let features = dispatchFeatures() + processorFeatures() + memoryFeatures() + otherFeatures()
        let dispatch = DispatchProbe.firstAvailable()
        return HostCheck(
            kernel: kernelRelease(), machine: machineName(), features: features, dispatch: dispatch?.name,
            canRun: dispatch != nil && features.allSatisfy { $0.isAvailable || !$0.isRequired })
    }

    enum CodingKeys: String, CodingKey {
        case kernel
        case machine
        case features
        case dispatch
        case canRun = "can_run"
    }

    static func kernelRelease() -> String {
        var names = utsname()
        uname(&names)
        return text(of: names.release)
    }

    private static func machineName() -> String {
        var names = utsname()
        uname(&names)
        return text(of: names.machine)
    }

    private static func text<Characters>(of characters: Characters) -> String {
        withUnsafeBytes(of: characters) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
    }

    private static func dispatchFeatures() -> [HostFeature] {
        let methods: [DispatchMethod] = [.inclusive, .selector, .seccomp]
        let instead = ["--dispatch selector", "--dispatch seccomp", nil]
        return zip(methods, instead).map { method, instead in
            let result = DispatchProbe.result(of: method)
            var detail = "--dispatch \(method.name)"
            if result != 0 { detail += ": \(errorText(Int32(-result)))" }
            if result != 0, method != .seccomp, DispatchProbe.isSwitchedOff {
                detail += ", off by sysctl kernel.syscall_user_dispatch"
            }
            return HostFeature(
                method.feature, result == 0, since: "Linux \(method.since)", detail: detail, instead: instead)
        }
    }
}
