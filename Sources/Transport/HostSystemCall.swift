import Glibc

/// The syscalls that Swift's Glibc module does not show, because their declarations need `_GNU_SOURCE`.
enum HostSystemCall {
    // arch/x86/entry/syscalls/syscall_64.tbl
    static let futex = 202
    static let accept4 = 288
    static let memfdCreate = 319
    static let pidfdSendSignal = 424
    static let pidfdOpen = 434

    private typealias Entry = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

    /// syscall(2), which a C header declares variadic. Sound without the dots: on x86-64 variadic integers travel as
    /// others do, and glibc's syscall is assembly that does not read the count of vector registers in %al.
    private static let entry: Entry = {
        guard let symbol = dlsym(nil, "syscall") else { preconditionFailure("libc has a function named syscall") }
        return unsafeBitCast(symbol, to: Entry.self)
    }()

    /// The call's result, or its errno negated, as the kernel gives it.
    static func call(_ number: Int, _ first: Int, _ second: Int = 0, _ third: Int = 0, _ fourth: Int = 0) -> Int {
        let result = entry(number, first, second, third, fourth, 0, 0)
        return result == -1 ? -Int(errno) : result
    }
}

extension HostSystemCall {
    /// Calls `body` with the address of a C string.
    static func withName(_ name: String, _ body: (Int) -> Int) -> Int {
        name.withCString { body(Int(bitPattern: $0)) }
    }
}
