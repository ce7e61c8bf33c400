import GuestKernel
import GuestMemory
import Glibc
import CGuestEntry
import Supervisor

public func runMain(_ args: [String]) -> Int32 {
    HostSignals.setMask(~0)
    let efd = Int32(hostCall(__NR_eventfd2, 0, UInt64(O_CLOEXEC)))
    guest_signals_install(efd)
    let dispatch = DispatchMethod(rawValue: Int32(getenv("D").map { atoi($0) } ?? 1))!
    var env: [[UInt8]] = []
    var e = environ
    while let p = e.pointee { env.append(Array(String(cString: p).utf8)); e += 1 }
    do {
        let launch = GuestLaunch(path: args[1], arguments: args.dropFirst().map { Array($0.utf8) }, environment: env,
            configuration: GuestConfiguration(dispatch: dispatch, report: { print("understudy: \($0)") }))
        let kernel = try launch.start()
        switch kernel.waitForEnd() {
        case .exited(let s): return s
        case .signalled(let s): return 128 + s
        }
    } catch { print("understudy: \(error)"); return 125 }
}
