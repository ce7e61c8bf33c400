import SyscallShapes
import Testing

@testable import Tracing

@Suite("calls as text")
struct CallFormatterTests {
    private let address: UInt64 = 0x7f00_1000

    @Test("a call without memory, its result in column 40")
    func plain() {
        #expect(line(3, [3], result: 0) == "close(3)                                = 0")
        let failed = "close(-1)                               = -1 EBADF (Bad file descriptor)"
        #expect(line(3, [.max], result: -9) == failed)
        #expect(line(12, [0], result: 0x5555_0000) == "brk(NULL)                               = 0x55550000")
        #expect(line(95, [0o22], result: 0o7) == "umask(022)                              = 007")
        #expect(line(39, [], result: 123) == "getpid()                                = 123")
        #expect(line(231, [0], result: nil) == "exit_group(0)                           = ?")
    }

    @Test("a longer call, its result behind one space")
    func long() {
        #expect(
            line(9, [0, 8192, 3, 0x22, .max, 0], result: 0x7f35_0000_0000)
                == "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f3500000000")
    }

    @Test("buffers: as much as was moved, shortened at the limit")
    func buffers() {
        let bytes: Snippets = [address: Array("hello\n\0\u{1}1".utf8)]
        #expect(
            line(1, [1, address, 9], result: 9, entry: bytes) == #"write(1, "hello\n\0\0011", 9)           = 9"#)
        #expect(
            line(0, [0, address, 4096], result: 5, exit: bytes) == #"read(0, "hello", 4096)                  = 5"#)
        #expect(line(0, [0, address, 4096], result: 0) == #"read(0, "", 4096)                       = 0"#)
        #expect(
            line(0, [0, address, 10], result: -11)
                == "read(0, 0x7f001000, 10)                 = -1 EAGAIN (Resource temporarily unavailable)")
        var options = FormatOptions()
        options.stringByteCount = 3
        #expect(
            line(1, [1, address, 9], result: 9, entry: bytes, options)
                == #"write(1, "hel"..., 9)                   = 9"#)
        options.hexStrings = .all
        #expect(
            line(1, [1, address, 2], result: 2, entry: bytes, options)
                == #"write(1, "\x68\x65", 2)                 = 2"#)
    }

    @Test("paths whole, strings shortened, what is missing as an address")
    func strings() {
        let path = String(repeating: "d/", count: 30)
        let name: Snippets = [address: cString(path)]
        #expect(
            line(257, [UInt64(bitPattern: -100), address, 0x8_0000, 0], result: -2, entry: name)
                == "openat(AT_FDCWD, \"\(path)\", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)")
        #expect(
            line(319, [address, 1], result: 3, entry: name)
                == "memfd_create(\"\(path.prefix(32))\"..., MFD_CLOEXEC) = 3")
        #expect(line(80, [address], result: 0) == "chdir(0x7f001000)                       = 0")
        #expect(line(80, [0], result: -14) == "chdir(NULL)                             = -1 EFAULT (Bad address)")
    }

    @Test("open's mode is only there where a file may be made")
    func modes() {
        let name: Snippets = [address: cString("x")]
        #expect(
            line(2, [address, 0x42, 0o644], result: 3, entry: name).hasPrefix(#"open("x", O_RDWR|O_CREAT, 0644) "#))
        #expect(line(2, [address, 2, 0o644], result: 3, entry: name).hasPrefix(#"open("x", O_RDWR) "#))
    }

    @Test("in two halves")
    func halves() {
        let bytes: Snippets = [address: [0x78]]
        let read: [UInt64] = [0, address, 1]
        #expect(
            text(0, read, nil) { CallFormatter().appendUnfinished($0, &$1) } == "read(0,  <unfinished ...>")
        #expect(
            text(0, read, 1, Snippets(), bytes) { CallFormatter().appendResumed($0, &$1) }
                == #"<... read resumed>"x", 1)               = 1"#)
        #expect(text(3, [3], nil) { CallFormatter().appendUnfinished($0, &$1) } == "close(3 <unfinished ...>")
        #expect(
            text(3, [3], 0) { CallFormatter().appendResumed($0, &$1) } == "<... close resumed>)                    = 0")
        #expect(
            text(16, [0, 0x5401, address], nil) { CallFormatter().appendUnfinished($0, &$1) }
                == "ioctl(0, TCGETS <unfinished ...>")
        #expect(
            text(16, [0, 0x5401, address], -25) { CallFormatter().appendResumed($0, &$1) }
                == "<... ioctl resumed>, 0x7f001000)        = -1 ENOTTY (Inappropriate ioctl for device)")
    }

    @Test("results that are no numbers")
    func results() {
        #expect(line(72, [3, 3], result: 0x8002).hasSuffix("= 0x8002 (flags O_RDWR|O_LARGEFILE)"))
        #expect(line(72, [3, 1], result: 1).hasSuffix("= 0x1 (flags FD_CLOEXEC)"))
        #expect(line(72, [3, 1], result: 0).hasSuffix("= 0"))
        #expect(line(145, [0], result: 0).hasSuffix("= 0 (SCHED_OTHER)"))
        #expect(line(34, [], result: -514).hasSuffix("= ? ERESTARTNOHAND (To be restarted if no handler)"))
        #expect(line(34, [], result: -512).hasSuffix("= ? ERESTARTSYS (To be restarted if SA_RESTART is set)"))
        #expect(line(39, [], result: -4000).hasSuffix("= -1 (errno 4000)"))
    }

    @Test("a number without a name, and a number in front of the name")
    func numbers() {
        #expect(
            line(999, [1, 2, 0, 4, 5, 6], result: -38)
                == "syscall_0x3e7(0x1, 0x2, 0, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)")
        var options = FormatOptions()
        options.showsNumbers = true
        #expect(line(3, [3], result: 0, options) == "[   3] close(3)                         = 0")
    }

    @Test("descriptors with their paths")
    func descriptorPaths() {
        var options = FormatOptions()
        options.showsDescriptorPaths = true
        var entry: Snippets = [address: cString("hosts")]
        entry.add(UInt64(bitPattern: -100), Array("/etc".utf8), kind: .descriptorPath)
        var exit = Snippets()
        exit.add(3, Array("/etc/hosts".utf8), kind: .descriptorPath)
        #expect(
            line(257, [UInt64(bitPattern: -100), address, 0, 0], result: 3, entry: entry, exit: exit, options)
                == #"openat(AT_FDCWD</etc>, "hosts", O_RDONLY) = 3</etc/hosts>"#)
        #expect(line(3, [3], result: 0, entry: exit, options) == "close(3</etc/hosts>)                    = 0")
    }
}
