import SyscallShapes
import Testing

@testable import Tracing

@Suite("structures in memory")
struct StructureTests {
    private let address: UInt64 = 0x7f00_1000
    private let other: UInt64 = 0x7f00_2000

    @Test("files")
    func files() {
        var status = [UInt8](repeating: 0, count: 144)
        status.replaceSubrange(24..<28, with: little(UInt32(0o100644)))
        status.replaceSubrange(48..<56, with: little(Int64(1271)))
        let name: Snippets = [other: cString("")]
        #expect(
            line(262, [3, other, address, 0x1000], result: 0, entry: name, exit: [address: status])
                == #"newfstatat(3, "", {st_mode=S_IFREG|0644, st_size=1271, ...}, AT_EMPTY_PATH) = 0"#)
        status.replaceSubrange(24..<28, with: little(UInt32(0o020666)))
        status.replaceSubrange(40..<48, with: little(UInt64(0x103)))
        #expect(
            line(5, [3, address], result: 0, exit: [address: status])
                == "fstat(3, {st_mode=S_IFCHR|0666, st_rdev=makedev(0x1, 0x3), ...}) = 0")
        let lock = little(Int16(1), Int16(0), UInt32(0), Int64(0), Int64(5), Int32(0), UInt32(0))
        #expect(
            line(72, [3, 6, address], result: 0, entry: [address: lock])
                == "fcntl(3, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=5}) = 0")
        #expect(line(22, [address], result: 0, exit: [address: little(Int32(3), Int32(4))]).hasPrefix("pipe([3, 4]) "))
    }

    @Test("times")
    func times() {
        let second = little(Int64(1), Int64(500))
        #expect(
            line(230, [1, 1, address, 0], result: 0, entry: [address: second])
                == "clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, {tv_sec=1, tv_nsec=500}, NULL) = 0")
        let pair = little(Int64(0), Int64(0x3FFF_FFFF), Int64(1_795_880_169), Int64(500_000_000))
        let path: Snippets = [address: pair, other: cString("x")]
        #expect(
            line(280, [UInt64(bitPattern: -100), other, address, 0], result: 0, entry: path)
                == "utimensat(AT_FDCWD, \"x\", [UTIME_NOW, {tv_sec=1795880169, tv_nsec=500000000} "
                + "/* 2026-11-28T15:36:09.500000000+0000 */], 0) = 0")
        let timer = little(Int64(0), Int64(0), Int64(1), Int64(5))
        #expect(
            line(287, [7, address], result: 0, exit: [address: timer])
                == "timerfd_gettime(7, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=1, tv_nsec=5}}) = 0")
        #expect(line(201, [0], result: 0).hasSuffix("= 0 (1970-01-01T00:00:00+0000)"))
    }

    @Test("signals")
    func signals() {
        let action = little(UInt64(0x5555), UInt64(0x1400_0000), UInt64(0x6666), UInt64(3))
        #expect(
            line(13, [17, address, 0, 8], result: 0, entry: [address: action])
                == "rt_sigaction(SIGCHLD, {sa_handler=0x5555, sa_mask=[HUP INT], sa_flags=SA_RESTORER|SA_RESTART, "
                + "sa_restorer=0x6666}, NULL, 8) = 0")
        let most = little(~(UInt64(3) << 31))
        #expect(
            line(14, [2, address, 0, 8], result: 0, entry: [address: most])
                == "rt_sigprocmask(SIG_SETMASK, ~[RTMIN RT_1], NULL, 8) = 0")
        #expect(line(62, [5, 99], result: -22).hasPrefix("kill(5, 99) "))
        #expect(line(234, [5, 5, 6], result: 0).hasPrefix("tgkill(5, 5, SIGABRT) "))
        var mask = Snippets()
        mask.add(0, little(UInt64(2)), kind: .signalMask)
        #expect(line(15, [], result: -4, entry: mask).hasPrefix("rt_sigreturn({mask=[INT]}) "))
        let ended: Snippets = [address: little(UInt32(0x300))]
        #expect(
            line(61, [.max, address, 0, 0], result: 12, exit: ended)
                == "wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], 0, NULL) = 12")
    }

    @Test("polling")
    func polling() {
        let wanted = little(Int32(3), Int16(1), Int16(0), Int32(4), Int16(4), Int16(0))
        let ready = little(Int32(3), Int16(1), Int16(1), Int32(4), Int16(4), Int16(0))
        #expect(
            line(7, [address, 2, .max], result: 1, entry: [address: wanted], exit: [address: ready])
                == "poll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}], 2, -1) = 1 ([{fd=3, revents=POLLIN}])")
        #expect(
            line(7, [address, 2, 10], result: 0, entry: [address: wanted], exit: [address: wanted])
                .hasSuffix("= 0 (Timeout)"))
        let sets: Snippets = [address: little(UInt64(0x18)), other: little(Int64(1), Int64(10))]
        let left: Snippets = [address: little(UInt64(0x8)), other: little(Int64(1), Int64(8))]
        #expect(
            line(23, [5, address, 0, 0, other], result: 1, entry: sets, exit: left)
                == "select(5, [3 4], NULL, NULL, {tv_sec=1, tv_usec=10}) = 1 (in [3], left {tv_sec=1, tv_usec=8})")
        let event = little(UInt32(1), UInt64(6))
        #expect(
            line(232, [5, address, 10, 0], result: 1, exit: [address: event])
                == "epoll_wait(5, [{events=EPOLLIN, data={u32=6, u64=6}}], 10, 0) = 1")
        #expect(
            line(233, [5, 1, 6, address], result: 0, entry: [address: event])
                == "epoll_ctl(5, EPOLL_CTL_ADD, 6, {events=EPOLLIN, data={u32=6, u64=6}}) = 0")
    }

    @Test("processes")
    func processes() {
        let limit = little(UInt64(8 << 20), UInt64.max)
        #expect(
            line(302, [0, 3, 0, address], result: 0, exit: [address: limit])
                == "prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0")
        #expect(
            line(202, [address, 129, 1], result: 1) == "futex(0x7f001000, FUTEX_WAKE_PRIVATE, 1) = 1")
        #expect(
            line(202, [address, 393, 0, 0, 0, 0xFFFF_FFFF], result: -110)
                == "futex(0x7f001000, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, NULL, FUTEX_BITSET_MATCH_ANY)"
                + " = -1 ETIMEDOUT (Connection timed out)")
        #expect(
            line(56, [0x120_0011, 0, 0, 0x7000, 0], result: 9)
                == "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7000)"
                + " = 9")
        let cloned = little(UInt64(0x10_0000), UInt64(0), UInt64(0), other) + [UInt8](repeating: 0, count: 32)
        #expect(
            line(435, [address, 64], result: 5, entry: [address: cloned], exit: [other: little(Int32(5))])
                == "clone3({flags=CLONE_PARENT_SETTID, parent_tid=0x7f002000, exit_signal=0, stack=NULL, stack_size=0} "
                + "=> {parent_tid=[5]}, 64) = 5")
        #expect(line(158, [0x1002, address], result: 0).hasPrefix("arch_prctl(ARCH_SET_FS, 0x7f001000) "))
        #expect(
            line(204, [0, 128, address], result: 8, exit: [address: little(UInt64(5))]).hasPrefix(
                "sched_getaffinity(0, 128, [0 2]) "))
        let vector: Snippets = [address: little(other, UInt64(0)), other: cString("ls")]
        #expect(
            line(59, [other, address, 0], result: -38, entry: vector).hasPrefix(#"execve("ls", ["ls"], NULL) "#))
    }
}
