import Foundation
import TestSupport
import Testing

@testable import Transport

@Suite("where control sockets are")
struct ControlPlaceTests {
    @Test("the session's directory first, each once, none that is relative")
    func directories() {
        let usual = ["/run/user/7/understudy-7", "/run/understudy-7", "/tmp/understudy-7"]
        #expect(ControlPlace.directories(of: 7, session: nil) == usual)
        #expect(ControlPlace.directories(of: 7, session: "/run/user/7") == usual)
        #expect(ControlPlace.directories(of: 7, session: "") == usual)
        #expect(ControlPlace.directories(of: 7, session: "here") == usual)
        #expect(ControlPlace.directories(of: 7, session: "/mine") == ["/mine/understudy-7"] + usual)
    }

    @Test("a name tells whose it is, and others' names nothing")
    func owner() {
        #expect(ControlPlace.owner(of: "42.sock") == 42 && ControlPlace.owner(of: "42.sock.new") == 42)
        for name in [".", "..", "", "42", "42.socket", "x.sock", "-1.sock", "0.sock", "99999999999.sock", "4.2.sock"] {
            #expect(ControlPlace.owner(of: name) == nil, "\(name)")
        }
    }

    @Test("a directory that others may enter, or a link to one, is not used")
    func own() async throws {
        try await ScratchDirectory.with { scratch in
            let (directory, link) = (try scratch.makeDirectory("own"), scratch.file("link"))
            #expect(chmod(directory, 0o700) == 0 && symlink(directory, link) == 0)
            #expect(ControlPlace.isOwn(directory, of: geteuid()) && !ControlPlace.isOwn(directory, of: geteuid() + 1))
            #expect(!ControlPlace.isOwn(link, of: geteuid()))
            #expect(!ControlPlace.isOwn(scratch.file("none"), of: geteuid()))
            for mode: mode_t in [0o710, 0o701, 0o770] {
                #expect(chmod(directory, mode) == 0 && !ControlPlace.isOwn(directory, of: geteuid()))
            }
        }
    }

    @Test("only what nobody listens on, and whose process is gone, is cleared away")
    func stale() async throws {
        try await ScratchDirectory.with { scratch in
            let gone = try await Command("/bin/true").running { run in
                try await run.waitForEnd()
                return run.pid
            }
            let names = ["\(gone).sock", "\(gone).sock.new", "\(getpid()).sock", "1.sock", "other.sock"]
            for name in names {
                let socket = try OwnedDescriptor(socket: AF_UNIX, SOCK_STREAM)
                let number = socket.number
                #expect(ControlPlace.withAddress(of: scratch.file(name), { bind(number, $0, $1) }) == 0)
            }
            ControlPlace.removeStale(in: scratch.path)
            let left = try FileManager.default.contentsOfDirectory(atPath: scratch.path)
            #expect(Set(left) == Set(names.dropFirst(2)))
        }
    }

    @Test("a path that is too long for a socket is none")
    func long() {
        #expect(ControlPlace.withAddress(of: String(repeating: "x", count: 107), { _, size in size }) == 110)
        #expect(ControlPlace.withAddress(of: String(repeating: "x", count: 108), { _, size in size }) == nil)
    }
}
