import Glibc
import TestSupport
import Testing
import Transport

@Suite("holds on processes")
struct ProcessHandleTests {
    @Test("a process is found by its identity, killed, and seen to be gone")
    func killing() async throws {
        try await Threads.run {
            let page = try LifePage.create()
            let peer = try PeerProcess()
            let identity = try peer.give(page, holdingAs: nil)
            #expect(identity.pid == peer.pid)
            #expect(try MachineIdentity.own().isSameMachine(as: identity))
            let handle = try #require(try ProcessHandle.open(identity))
            #expect(fcntl(handle.pollDescriptor, F_GETFD) & FD_CLOEXEC != 0)
            #expect(try !handle.waitUntilGone(timeoutNanoseconds: 20_000_000))
            kill(peer.pid, SIGSTOP)
            try handle.kill()
            #expect(try handle.waitUntilGone(timeoutNanoseconds: 5_000_000_000))
            // Not reaped yet: killing it once more is no error, and opening it again finds the same process.
            try handle.kill()
            peer.reap()
            try handle.kill()
            #expect(try handle.waitUntilGone(timeoutNanoseconds: 0))
            #expect(try ProcessHandle.open(identity) == nil)
        }
    }

    @Test("a pid that is another process's by now is not that process")
    func recycled() throws {
        let own = try MachineIdentity.own()
        #expect(own.pid == getpid())
        #expect(try ProcessHandle.open(own) != nil)
        let before = MachineIdentity(
            bootIdentity: own.bootIdentity, pid: own.pid, startTime: own.startTime - 1, pidNamespace: own.pidNamespace)
        #expect(try ProcessHandle.open(before) == nil)
        let after = MachineIdentity(
            bootIdentity: own.bootIdentity, pid: own.pid, startTime: own.startTime + 1, pidNamespace: own.pidNamespace)
        #expect(try ProcessHandle.open(after) == nil)
    }

    @Test("a process of another machine or another pid namespace, or no process, is an error")
    func foreign() throws {
        let own = try MachineIdentity.own()
        let foreign = [
            MachineIdentity(
                bootIdentity: "another", pid: own.pid, startTime: own.startTime, pidNamespace: own.pidNamespace),
            MachineIdentity(bootIdentity: "", pid: own.pid, startTime: own.startTime, pidNamespace: own.pidNamespace),
            MachineIdentity(
                bootIdentity: own.bootIdentity, pid: own.pid, startTime: own.startTime,
                pidNamespace: own.pidNamespace + 1),
            MachineIdentity(
                bootIdentity: own.bootIdentity, pid: 0, startTime: own.startTime, pidNamespace: own.pidNamespace),
            MachineIdentity(
                bootIdentity: own.bootIdentity, pid: -1, startTime: own.startTime, pidNamespace: own.pidNamespace),
        ]
        for identity in foreign {
            #expect(throws: TransportError.self) { try ProcessHandle.open(identity) }
        }
    }

    @Test("the boot's identity is the kernel's, without its line end")
    func bootIdentity() throws {
        let own = try MachineIdentity.own()
        #expect(own.bootIdentity.utf8.count == 36)
        #expect(own.pidNamespace != 0 && own.startTime != 0)
        #expect(try MachineIdentity.own() == own)
    }
}
