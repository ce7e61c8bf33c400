import SyscallShapes
import Testing

@testable import Tracing

@Suite("names of flags and numbers")
struct NameTableTests {
    private func names(_ family: NameFamily, _ value: UInt64) -> String {
        appended { NameTable.of(family).append(value, &$0) }
    }

    @Test("every family has names", arguments: NameFamily.allCases)
    func complete(family: NameFamily) {
        let table = NameTable.of(family)
        // Its names are made of two numbers.
        if family == .futexWakeOperation { return }
        #expect(!table.choices.isEmpty || !table.bits.isEmpty)
    }

    @Test("known and unknown bits")
    func bits() {
        #expect(names(.openFlags, 0x241) == "O_WRONLY|O_CREAT|O_TRUNC")
        #expect(names(.openFlags, 0x8000_0000) == "O_RDONLY|0x80000000")
        #expect(names(.openFlags, 0x10_1000) == "O_RDONLY|O_SYNC")
        #expect(names(.protection, 0) == "PROT_NONE")
        #expect(names(.protection, 0x10) == "0x10 /* PROT_??? */")
        #expect(names(.accessMode, 0) == "F_OK")
        #expect(names(.accessMode, 7) == "R_OK|W_OK|X_OK")
        #expect(names(.messageFlags, 0) == "0")
        #expect(names(.mapping, 0x22) == "MAP_PRIVATE|MAP_ANONYMOUS")
        #expect(names(.mapping, 0x4) == "0x4 /* MAP_??? */")
        #expect(names(.statxMask, 0x1FFF) == "STATX_ALL|STATX_MNT_ID")
        #expect(names(.statxFlags, 0x100) == "AT_STATX_SYNC_AS_STAT|AT_SYMLINK_NOFOLLOW")
    }

    @Test("numbers")
    func choices() {
        #expect(names(.whence, 2) == "SEEK_END")
        #expect(names(.whence, 9) == "0x9 /* SEEK_??? */")
        #expect(names(.futexOperation, 128) == "FUTEX_WAIT_PRIVATE")
        #expect(names(.clock, 0xFFFF_FFFA) == "0xfffffffa /* CLOCK_??? */")
        #expect(names(.usageTarget, .max) == "RUSAGE_CHILDREN")
    }

    @Test("errno's and signals' names")
    func known() {
        #expect(ErrorName.of(2)?.name.description == "ENOENT")
        #expect(ErrorName.of(0) == nil)
        #expect(ErrorName.of(4000) == nil)
        #expect(appended { SignalName.append(full: 34, &$0) } == "SIGRT_2")
        #expect(appended { SignalName.append(set: 0, &$0) } == "[]")
        #expect(appended { SignalName.append(set: .max, &$0) } == "~[]")
    }
}
