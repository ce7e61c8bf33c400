import CGuestEntry
import Glibc
import GuestMemory

/// Does a call by the host's kernel, translating the arguments by what the table says they are:
/// descriptors become host descriptors, thread ids host thread ids, paths go through the resolver,
/// and pointers are checked to lie below the arena's end (whether they are mapped is the host
/// kernel's EFAULT).
struct PassOn: Sendable {
    private let number: Int32
    private let kinds: [ArgumentKind]
    /// Which argument holds AT_* flags, if any.
    private let placeFlagsIndex: Int?
    /// Whether it changes files, which is recorded where they are replicated.
    private let changesFiles: Bool
    /// Whether it is about names themselves, and not what they lead to.
    private let changesNames: Bool

    init(_ row: Syscall) {
        number = Int32(row.number)
        kinds = row.arguments
        changesFiles = VolumeCall.changing.contains(number)
        changesNames = VolumeCall.names.contains(number)
        placeFlagsIndex = row.arguments.firstIndex(of: .placeFlags)
    }

    private static let noFollow: UInt64 = 0x100
    private static let follow: UInt64 = 0x400
    private static let emptyPath: UInt64 = 0x1000
    private static let emptyString: StaticString = ""

    var handler: SyscallHandler {
        let isPlain = kinds.allSatisfy { $0 != .path && $0 != .linkPath && $0 != .directory }
        if isPlain { return { thread, arguments in passPlain(thread, arguments) } }
        return { thread, arguments in passPaths(thread, arguments) }
    }

    private func passPlain(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        var translated = arguments
        var held: FileDescription?
        var alsoHeld: FileDescription?
        for (index, kind) in kinds.enumerated() {
            switch kind {
            case .descriptor:
                guard let file = thread.kernel.files.find(arguments[index]) else { return failed(EBADF) }
                if held == nil { held = file } else { alsoHeld = file }
                let settled = settle(thread, file)
                if settled != 0 { return settled }
                translated[index] = UInt64(signed: file.hostFD)
            case _ where kind.isPointer:
                guard arguments[index] < GuestLayout.arenaEnd else { return failed(EFAULT) }
            case .processIdentity:
                let task = Int32(truncatingIfNeeded: arguments[index])
                guard let hostTask = thread.kernel.hostTask(task, thread) else { return failed(ESRCH) }
                translated[index] = UInt64(signed: hostTask)
            default:
                break
            }
        }
        return withExtendedLifetime((held, alsoHeld)) { call(thread, translated, held) }
    }

    private func passPaths(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        if let result = passDescriptor(thread, arguments) { return result }
        if number == __NR_utimensat, PassOn.changesNoTime(arguments.c) { return 0 }
        var translated = arguments
        var held: [FileDescription] = []
        var paths: [ResolvedPath] = []
        var directory: UInt64 = UInt64(signed: AT_FDCWD)
        for (index, kind) in kinds.enumerated() {
            switch kind {
            case .descriptor:
                guard let file = thread.kernel.files.find(arguments[index]) else { return failed(EBADF) }
                held.append(file)
                translated[index] = UInt64(signed: file.hostFD)
            case .directory:
                directory = arguments[index]
            case .path, .linkPath:
                let options = PathWalkOptions(
                    followsLast: follows(kind, arguments), isName: changesNames && kind == .linkPath)
                switch resolve(thread, directory, arguments[index], options) {
                case .failure(let error): return earlierRefusal(paths, arguments) ?? failed(error.errno)
                case .success(let resolved):
                    paths.append(resolved)
                    if index > 0, kinds[index - 1] == .directory {
                        translated[index - 1] = UInt64(signed: resolved.hostDirectory)
                        translated[index] = resolved.pathAddress
                    } else {
                        translated[index] = resolved.wholePathAddress
                    }
                }
                directory = UInt64(signed: AT_FDCWD)
            case _ where kind.isPointer:
                guard arguments[index] < GuestLayout.arenaEnd else { return failed(EFAULT) }
            default:
                break
            }
        }
        return withExtendedLifetime((held, paths)) { call(thread, translated, held.first, paths, arguments) }
    }

    private func resolve(
        _ thread: GuestThread, _ directory: UInt64, _ path: UInt64, _ options: PathWalkOptions
    ) -> Result<ResolvedPath, CallError> {
        let paths = thread.kernel.paths
        if changesFiles { return paths.resolveChecked(thread.kernel, directory: directory, pathAt: path, options) }
        return paths.resolve(thread.kernel, directory: directory, pathAt: path, options)
    }

    // MARK: - Where the resolver follows paths before the call is made

    /// link(2) and linkat(2) look their first path up before the second; a rename goes to the directory of its first
    /// name before that of the second (do_renameat2 of fs/namei.c).
    private func earlierRefusal(_ paths: [ResolvedPath], _ arguments: SyscallArguments) -> Int? {
        guard let first = paths.first else { return nil }
        if VolumeCall.renamings.contains(number) {
            let error = PathResolver.errorOfDirectory(of: first)
            return error == 0 ? nil : failed(error)
        }
        guard number == __NR_link || number == __NR_linkat else { return nil }
        var status = stat()
        let isFollowed = kinds.firstIndex(of: .path).map { _ in follows(.path, arguments) } ?? false
        let mayBeEmpty = placeFlagsIndex.map { arguments[$0] & PassOn.emptyPath } ?? 0
        let flags = (isFollowed ? 0 : PassOn.noFollow) | mayBeEmpty
        let result = withUnsafeMutablePointer(to: &status) { status in
            hostCall(
                __NR_newfstatat, UInt64(signed: first.hostDirectory), first.pathAddress, UInt64(address: status), flags)
        }
        return result < 0 ? result : nil
    }

    /// utimensat(2) that is to leave both times alone does not look at its path (do_utimensat in fs/utimes.c).
    private static func changesNoTime(_ address: UInt64) -> Bool {
        // UTIME_OMIT, linux/stat.h
        let omitted = (1 << 30) - 2
        guard address != 0, let times = GuestAccess.loadArray(Int.self, at: address, count: 4) else { return false }
        return times[1] == omitted && times[3] == omitted
    }

    /// A file's size and content are those after the guest's last write, also where that is still held.
    @inline(__always)
    private func settle(_ thread: GuestThread, _ file: FileDescription) -> Int {
        file.kind == .regular ? thread.settleHeldBytes(file) : 0
    }

    /// Whether the call follows a link in the last place of this path.
    private func follows(_ kind: ArgumentKind, _ arguments: SyscallArguments) -> Bool {
        guard kind == .path, let placeFlagsIndex else { return kind == .path }
        // linkat alone does not follow unless told to.
        if number == __NR_linkat { return arguments[placeFlagsIndex] & PassOn.follow != 0 }
        return arguments[placeFlagsIndex] & PassOn.noFollow == 0
    }

    /// A call that is about the descriptor in the directory's place: AT_EMPTY_PATH with an empty path, which is how
    /// glibc does fstat, or (utimensat; stat since Linux 6.11) no path at all. Nil for any other.
    private func passDescriptor(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int? {
        guard let placeFlagsIndex, kinds[0] == .directory, Int32(truncatingIfNeeded: arguments.a) != AT_FDCWD else {
            return nil
        }
        let path = arguments.b
        let isNamed = arguments[placeFlagsIndex] & PassOn.emptyPath == 0
        if path == 0 {
            if isNamed, number != __NR_utimensat { return nil }
        } else if isNamed || GuestAccess.load(UInt8.self, at: path) != 0 {
            return nil
        }
        // linkat has a second place, which the plain way does not translate.
        if number == __NR_linkat { return nil }
        guard let file = thread.kernel.files.find(arguments.a) else { return failed(EBADF) }
        let settled = settle(thread, file)
        if settled != 0 { return settled }
        var translated = arguments
        translated.a = UInt64(signed: file.hostFD)
        if path != 0 { translated.b = UInt64(address: PassOn.emptyString.utf8Start) }
        for index in 2..<kinds.count where kinds[index].isPointer {
            guard arguments[index] < GuestLayout.arenaEnd else { return failed(EFAULT) }
        }
        return withExtendedLifetime(file) { call(thread, translated, file) }
    }

    /// Recorded where it changes files that are replicated.
    @inline(__always)
    private func call(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ file: FileDescription?, _ paths: [ResolvedPath] = [],
        _ original: SyscallArguments? = nil
    ) -> Int {
        if !changesFiles { return call(thread, arguments) }
        thread.kernel.nameChanges.waitForOthers(thread)
        if thread.takeAgain() { return VolumeCall.resultAgain(number, paths, call(thread, arguments)) }
        guard let journal = thread.kernel.volumes, journal.isRecording else {
            return callNoting(thread, arguments, file, paths)
        }
        let followsLast = kinds.contains(.path) && follows(.path, original ?? arguments)
        let change = VolumeCall(
            kernel: thread.kernel, number: number, arguments: arguments, paths: paths, file: file,
            followsLast: followsLast)
        let full = journal.waitForRoom(thread)
        if full != 0 { return full }
        if VolumeCall.names.contains(number) {
            return change.performOnNames(thread, journal) { call(thread, arguments) }
        }
        let settled = change.settle(thread, journal)
        if settled != 0 { return settled }
        return change.perform(journal) { callNoting(thread, arguments, file, paths) }
    }

    /// What it does to a memory object is known to the next epoch.
    @inline(__always)
    private func callNoting(
        _ thread: GuestThread, _ arguments: SyscallArguments, _ file: FileDescription?, _ paths: [ResolvedPath]
    ) -> Int {
        guard VolumeCall.sizes.contains(number) else { return call(thread, arguments) }
        return thread.notingSize(number, arguments, file, paths) { call(thread, arguments) }
    }

    /// What is passed on can be made again: where it found pages closed for tracking, it has done nothing yet.
    private func call(_ thread: GuestThread, _ arguments: SyscallArguments) -> Int {
        let call = {
            retryingInterrupts {
                hostCall(number, arguments.a, arguments.b, arguments.c, arguments.d, arguments.e, arguments.f)
            }
        }
        let result = call()
        if result != -Int(EFAULT) || !thread.kernel.memory.mayRefuseWrites { return result }
        let pointers = kinds.indices.filter { kinds[$0].isPointer }
        return thread.kernel.memory.holding(pointers.compactMap { TrackedWindow.large(arguments[$0]) }, call)
    }
}
