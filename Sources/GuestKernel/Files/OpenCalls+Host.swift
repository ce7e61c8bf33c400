import CGuestEntry
import Glibc
import GuestMemory

extension OpenCalls {
    /// struct open_how (openat2(2)).
    struct OpenHow: BitwiseCopyable {
        var flags: UInt64
        var mode: UInt64
        var resolution: UInt64
    }

    /// Opens on the host, without following a link below /proc that leads to one of the supervisor's own descriptors
    /// (-ELOOP when there is one).
    ///
    /// A FIFO's open waits for its other end: it is opened without blocking, which for a writer
    /// says ENXIO until there is a reader, and for a reader succeeds at once.
    static func openHost(_ thread: GuestThread, _ resolved: ResolvedPath, _ request: Request) -> Int {
        let confinement = resolved.synthetic == nil ? PathWalkOptions.withoutMagicLinks : 0
        let resolution = request.resolution | confinement
        if let full = thread.kernel.volumes?.waitForRoom(thread), full != 0 { return full }
        return openSettled(thread, resolved, request) { request in
            openPatiently(thread, resolved, request, resolution: resolution)
        }
    }

    /// Opens by `open`, after what an open that is seen outside has to wait for.
    static func openSettled(
        _ thread: GuestThread, _ path: ResolvedPath, _ request: Request, _ open: (Request) -> Int
    ) -> Int {
        if request.isAgain { return openAgain(path, request, open) }
        thread.kernel.nameChanges.waitForOthers(thread)
        guard let volumes = thread.kernel.volumes else { return open(request) }
        return volumes.openOutside(thread, path, request) { open(request) }
    }

    private static func openPatiently(
        _ thread: GuestThread, _ resolved: ResolvedPath, _ request: Request, resolution: UInt64
    ) -> Int {
        var pauseNanoseconds: UInt64 = 100_000
        while true {
            let result =
                thread.kernel.volumes?.open(thread.kernel, resolved, request, resolution: resolution)
                ?? openOnce(resolved, request, resolution: resolution)
            guard result == -Int(ENXIO), request.flags & (O_ACCMODE | O_NONBLOCK) == O_WRONLY, isFifo(resolved) else {
                return result
            }
            if let interrupted = pause(thread, &pauseNanoseconds) { return interrupted }
        }
    }

    static func openOnce(_ resolved: ResolvedPath, _ request: Request, resolution: UInt64) -> Int {
        let blocking = request.flags & ~(O_NOCTTY | O_NONBLOCK)
        let flags = request.wantsPathOnly ? request.flags : blocking | O_NOCTTY | O_NONBLOCK
        let makesFile = flags & (O_CREAT | temporaryFile) != 0
        let how = OpenHow(
            flags: UInt64(UInt32(bitPattern: flags | O_CLOEXEC)), mode: makesFile ? request.mode & 0o7777 : 0,
            resolution: resolution)
        return withExtendedLifetime(resolved) {
            let result = retryingInterrupts {
                HostFile.open(resolved.pathAddress, how, at: resolved.hostDirectory)
            }
            // Where openat2 is missing (before Linux 5.6) or a container's filter forbids it, openat does.
            guard result == -Int(ENOSYS) || result == -Int(EPERM), request.resolution == 0 else { return result }
            return retryingInterrupts {
                hostCall(
                    __NR_openat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress, how.flags, how.mode)
            }
        }
    }

    private static func isFifo(_ resolved: ResolvedPath) -> Bool {
        var status = stat()
        return withUnsafeMutablePointer(to: &status) { status in
            let result = hostCall(
                __NR_newfstatat, UInt64(signed: resolved.hostDirectory), resolved.pathAddress, UInt64(address: status),
                0)
            return result == 0 && status.pointee.st_mode & S_IFMT == S_IFIFO
        }
    }

    /// Sleeps a little, longer each time; what the call returns when it was interrupted.
    private static func pause(_ thread: GuestThread, _ pauseNanoseconds: inout UInt64) -> Int? {
        guard thread.prepareToSleep() else { return Restart.system }
        _ = thread.sleepUntilWoken(deadlineNanoseconds: thread.kernel.clock.deadline(after: pauseNanoseconds))
        pauseNanoseconds = min(pauseNanoseconds * 2, 10_000_000)
        return nil
    }

    /// Holds the reader of a FIFO until it has had a writer: otherwise its first read would say end of file.
    /// 0, or what the interrupted call returns.
    static func waitForWriter(_ thread: GuestThread, _ hostFD: Int32) -> Int {
        guard let spare = SparePipe() else { return 0 }
        var pauseNanoseconds: UInt64 = 100_000
        while !hasHadWriter(hostFD, spare) {
            if let interrupted = pause(thread, &pauseNanoseconds) { return interrupted }
        }
        return 0
    }

    private static func hasHadWriter(_ hostFD: Int32, _ spare: SparePipe) -> Bool {
        // Without a writer, tee says end of file; with one whose pipe is empty, EAGAIN.
        let copied = hostCall(__NR_tee, UInt64(signed: hostFD), UInt64(signed: spare.writeEnd), 1, 2)
        if copied != 0 { return true }
        // POLLHUP when one has come and gone.
        var entry = pollfd(fd: hostFD, events: Int16(POLLIN), revents: 0)
        return poll(&entry, 1, 0) > 0
    }
}
