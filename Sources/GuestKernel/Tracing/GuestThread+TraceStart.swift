import CGuestEntry
import Glibc
import GuestMemory

extension GuestThread {
    /// The program's start, which no thread of the guest's asks for: shown as the execve that it stands for, by what
    /// lies on its first stack (System V ABI, x86-64, 3.4.1).
    func traceStart() {
        guard isTraced(UInt32(__NR_execve)) else { return }
        let vector = context.pointee.rsp + 8
        guard let count = GuestAccess.load(UInt64.self, at: vector - 8), count < 1 << 24 else { return }
        let environment = vector + 8 * (count + 1)
        let path = programPath(behind: environment) ?? 0
        let registers = (context.pointee.rdi, context.pointee.rsi, context.pointee.rdx)
        (context.pointee.rdi, context.pointee.rsi, context.pointee.rdx) = (path, vector, environment)
        _ = traceBegin(UInt32(__NR_execve))
        traceEnd(UInt32(__NR_execve), 0)
        (context.pointee.rdi, context.pointee.rsi, context.pointee.rdx) = registers
    }

    /// Where the path that the program was started by lies: AT_EXECFN of the auxiliary vector, behind the environment.
    private func programPath(behind environment: UInt64) -> UInt64? {
        var place = environment
        while let variable = GuestAccess.load(UInt64.self, at: place), variable != 0 { place += 8 }
        place += 8
        while let kind = GuestAccess.load(UInt64.self, at: place), kind != 0 {
            if kind == 31 { return GuestAccess.load(UInt64.self, at: place + 8) }
            place += 16
        }
        return nil
    }
}
