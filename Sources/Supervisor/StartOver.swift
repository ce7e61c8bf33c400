import CGuestEntry
import Glibc
import GuestKernel
import GuestMemory

/// Makes sure that the guest's addresses are free, by starting this process over where they are not.
///
/// The kernel puts mmap's region below the stack, at a distance that is the soft stack limit, or five sixths of the
/// address space where there is none (mmap_base in arch/x86/mm/mmap.c). Then libc lies inside the arena, and only a new
/// execve(2) moves it; the original limit travels in an environment variable, and becomes the guest's.
enum StartOver {
    private static let variable = "UNDERSTUDY_ORIGINAL_STACK_LIMIT"
    /// The kernel's own default, _STK_LIM.
    private static let stackByteCount: UInt64 = 8 << 20
    /// uapi/linux/personality.h: the old layout, which fills the address space from a third of it upwards.
    private static let compatibleLayout: UInt64 = 0x020_0000
    private static let queryPersonality: UInt64 = 0xffff_ffff

    /// Reserves the arena for a moment: 0, or a negative errno.
    static func probeArena() -> Int {
        let arena = GuestLayout.arena
        let flags = UInt64(MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE) | mapFixedNoReplace
        let result = hostCall(
            __NR_mmap, arena.start, arena.count, UInt64(PROT_NONE), flags, UInt64(signed: Int32(-1)), 0)
        if result < 0 { return result }
        hostCall(__NR_munmap, UInt64(result), arena.count)
        // A kernel before 4.17 takes the address for a hint.
        return result == Int(arena.start) ? 0 : -Int(EEXIST)
    }

    /// Starts the process over when something of ours lies in the arena, and that can help. Else returns.
    static func ifNeeded(_ state: StartState) {
        guard !state.hasStartedOver, probeArena() == -Int(EEXIST) else { return }
        let original = state.stackLimit
        if original.soft > stackByteCount {
            var lowered: (UInt64, UInt64) = (stackByteCount, original.hard)
            hostCall(__NR_prlimit64, 0, UInt64(RLIMIT_STACK.rawValue), UInt64(address: &lowered), 0)
        }
        let personality = hostCall(__NR_personality, queryPersonality)
        if personality >= 0 {
            hostCall(__NR_personality, UInt64(personality) & ~compatibleLayout)
        }
        setenv(variable, "\(original.soft):\(original.hard)", 1)
        // The executable's own path where there is one, so that the process keeps its name.
        var path = [UInt8](repeating: 0, count: Int(PATH_MAX) + 1)
        let count = readlink("/proc/self/exe", &path, Int(PATH_MAX))
        if count > 0 {
            path.withUnsafeBufferPointer { path in
                path.withMemoryRebound(to: CChar.self) { _ = execv($0.baseAddress!, CommandLine.unsafeArgv) }
            }
        }
        execv("/proc/self/exe", CommandLine.unsafeArgv)
        unsetenv(variable)
    }

    /// What the process that started us over had as its limit; nil when this one is the first.
    static func takeOriginalStackLimit() -> GuestConfiguration.Limit? {
        guard let value = getenv(variable) else { return nil }
        let parts = String(cString: value).split(separator: ":").compactMap { UInt64($0) }
        unsetenv(variable)
        guard parts.count == 2 else { return nil }
        return GuestConfiguration.Limit(soft: parts[0], hard: parts[1])
    }

    /// Why the arena cannot be had, for people.
    static func explain(_ errno: Int32) -> SupervisorError {
        let start = hexadecimal(GuestLayout.arena.start)
        let end = hexadecimal(GuestLayout.arena.end)
        let arena = "the guest's addresses, \(start) to \(end),"
        switch errno {
        case EEXIST:
            let what = firstMappingInArena().map { ": \($0) lies there" } ?? ""
            return SupervisorError(
                .failed, "\(arena) are not free\(what); try without setarch or preloaded libraries")
        case ENOMEM:
            return SupervisorError(
                .failed, "\(arena) cannot be reserved: out of address space; lift RLIMIT_AS (ulimit -v unlimited)")
        case EPERM, EACCES:
            let lowest = GuestLayout.lowestAddress
            return SupervisorError(
                .failed, "\(arena) cannot be reserved: set vm.mmap_min_addr to \(lowest) or less (sysctl)")
        default:
            return SupervisorError(.failed, "\(arena) cannot be reserved: \(errorText(errno))")
        }
    }

    private static func firstMappingInArena() -> String? {
        guard let file = fopen("/proc/self/maps", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 4600)
        guard fgets(&line, Int32(line.count), file) != nil else { return nil }
        let fields = line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }
        let words = String(decoding: fields, as: UTF8.self).split(separator: " ")
        guard let range = words.first else { return nil }
        return words.count > 5 ? "\(words[5]) (\(range))" : "an unnamed mapping (\(range))"
    }

    /// uapi/asm-generic/mman-common.h; Glibc does not show it to Swift.
    private static let mapFixedNoReplace: UInt64 = 0x10_0000
}

/// The C library's words for an errno, without its capital.
func errorText(_ errno: Int32) -> String {
    String(cString: strerror(errno)).lowercased()
}
