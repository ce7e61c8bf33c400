import CGuestEntry
import Glibc
import GuestMemory

/// Follows an absolute path, component by component, as far as it stays where the guest's own /proc is.
struct ProcWalk {
    private enum Place {
        case root
        case devices
        case proc
        case directory(ProcDirectory, ProcTask)
        /// Below a process's directory, where things are the host process's own (net, ns): the names since.
        case foreign(ProcTask, [ArraySlice<UInt8>])
    }

    /// What a component leads to.
    private enum Step {
        case place(Place)
        case node(ProcNode, hostPath: String, name: String)
        case end(Result<ResolvedPath, CallError>)
        /// Nothing of the guest's: the host is to look.
        case elsewhere
    }

    private let kernel: GuestKernel
    private let components: [ArraySlice<UInt8>]
    /// Whether a link in the last place is followed; a slash behind it says so, too.
    private let followsLast: Bool
    private let hasTrailingSlash: Bool
    /// Whether the resolver follows what is left of a path that leads out of here; the host does otherwise.
    private let isFollowedHere: Bool

    init(_ kernel: GuestKernel, _ path: [UInt8], followsLast: Bool, isFollowedHere: Bool) {
        self.kernel = kernel
        self.isFollowedHere = isFollowedHere || kernel.paths.mounts != nil
        let all = path.split(separator: UInt8(ascii: "/"))
        components = all.filter { !$0.elementsEqual(".".utf8) }
        hasTrailingSlash = path.last == UInt8(ascii: "/") || all.last?.elementsEqual(".".utf8) == true
        self.followsLast = followsLast || hasTrailingSlash
    }

    /// Nil when the host is to look the path up as it is.
    func resolve() -> Result<ResolvedPath, CallError>? {
        var place = Place.root
        for (index, component) in components.enumerated() {
            let isLast = index == components.count - 1
            switch step(from: place, by: String(decoding: component, as: UTF8.self), index) {
            case .place(let next): place = next
            case .elsewhere: return nil
            case .end(let result): return result
            case .node(let node, let hostPath, let name):
                if !isLast || hasTrailingSlash { return .failure(CallError(errno: ENOTDIR)) }
                return .success(resolved(node, hostPath: hostPath, guestPath: name))
            }
        }
        if case .foreign(let task, let names) = place {
            return plain(foreignPath(task, names) + (hasTrailingSlash ? [UInt8(ascii: "/")] : []))
        }
        guard case .directory(let directory, let task) = place else { return nil }
        let hostPath = hostPath(directory, task)
        return .success(
            resolved(.directory(directory, task), hostPath: hostPath, guestPath: guestPath(directory, task)))
    }

    private func resolved(_ node: ProcNode, hostPath: String, guestPath: String) -> ResolvedPath {
        let path = Array(guestPath.utf8)
        var held: FileDescription?
        if case .descriptor(let file) = node { held = file }
        if case .descriptorInfo(_, let file) = node { held = file }
        return ResolvedPath(
            hostDirectory: AT_FDCWD, directory: held, hostPath: Array(hostPath.utf8), guestPath: path,
            synthetic: SyntheticPath(node: node, path: path))
    }

    private func hostPath(_ directory: ProcDirectory, _ task: ProcTask) -> String {
        // The list of threads belongs to the process only.
        directory == .tasks ? "/proc/self/task" : task.hostPath + directory.name
    }

    private func guestPath(_ directory: ProcDirectory, _ task: ProcTask) -> String {
        let path = task.guestPath(kernel)
        return directory == .process ? path : "\(path)/\(directory.name)"
    }

    // MARK: - Steps

    private func step(from place: Place, by name: String, _ index: Int) -> Step {
        switch place {
        case .root: return stepFromRoot(by: name)
        case .devices: return stepFromDevices(by: name, index)
        case .proc: return stepFromProc(by: name, index)
        case .directory(.process, let task): return stepFromProcess(task, by: name, index)
        case .foreign(let task, let names): return step(within: task, names, index)
        case .directory(let directory, let task): return step(from: directory, task, by: name, index)
        }
    }

    private func stepFromRoot(by name: String) -> Step {
        switch name {
        case "..": return .place(.root)
        case "proc": return .place(.proc)
        case "dev": return .place(.devices)
        default: return .elsewhere
        }
    }

    /// /dev/fd and its like are links of the host's to /proc/self/fd, where they are at all.
    private func stepFromDevices(by name: String, _ index: Int) -> Step {
        if name == ".." { return .place(.root) }
        let isLink = isUnfollowed(index)
        guard let task = process else { return .elsewhere }
        switch name {
        case "fd": return isLink ? .elsewhere : .place(.directory(.descriptors, task))
        case "stdin": return isLink ? .elsewhere : descriptor("0", task, index)
        case "stdout": return isLink ? .elsewhere : descriptor("1", task, index)
        case "stderr": return isLink ? .elsewhere : descriptor("2", task, index)
        default: return .elsewhere
        }
    }

    private func stepFromProc(by name: String, _ index: Int) -> Step {
        switch name {
        case "..": return .place(.root)
        case "self":
            if isUnfollowed(index) { return .node(.selfLink, hostPath: "/proc/self", name: "/proc/self") }
            return process.map { .place(.directory(.process, $0)) } ?? .elsewhere
        case "thread-self":
            if isUnfollowed(index) {
                return .node(.threadSelfLink, hostPath: "/proc/thread-self", name: "/proc/thread-self")
            }
            guard let thread = ProcWalk.callingThread(kernel) else { return .elsewhere }
            return .place(.directory(.process, ProcTask(thread: thread, isThread: true)))
        default:
            return numbered(name)
        }
    }

    /// /proc/<number>: the process itself, one of its threads, or a stranger.
    private func numbered(_ name: String) -> Step {
        guard let number = Int32(name), number > 0, name.utf8.first != UInt8(ascii: "0") else { return .elsewhere }
        if number == kernel.identity.pid || number == kernel.identity.hostPid {
            return process.map { .place(.directory(.process, $0)) } ?? .elsewhere
        }
        if let thread = thread(number) {
            return .place(.directory(.process, ProcTask(thread: thread, isThread: true)))
        }
        // A thread of the supervisor's own is nobody.
        let isOwn = HostFile.withPath(Array("/proc/self/task/\(number)".utf8)) {
            hostCall(__NR_faccessat, UInt64(signed: AT_FDCWD), $0, UInt64(F_OK))
        }
        return isOwn == 0 ? .end(.failure(CallError(errno: ENOENT))) : .elsewhere
    }

    private func stepFromProcess(_ task: ProcTask, by name: String, _ index: Int) -> Step {
        let hostPath = task.hostPath + name
        let guestPath = "\(task.guestPath(kernel))/\(name)"
        switch name {
        case "..": return .place(task.isThread ? .directory(.tasks, task) : .proc)
        case "fd": return .place(.directory(.descriptors, task))
        case "fdinfo": return .place(.directory(.descriptorInfos, task))
        case "task" where !task.isThread: return .place(.directory(.tasks, task))
        case "exe":
            if isUnfollowed(index) { return .node(.executableLink, hostPath: hostPath, name: guestPath) }
            return .end(goOn(from: .root, Array(kernel.program.path.utf8) + slashAndRest(after: index)))
        case "cwd":
            if isUnfollowed(index) { return .node(.workingDirectoryLink, hostPath: hostPath, name: guestPath) }
            return .end(fromWorkingDirectory(index))
        case "root": return isUnfollowed(index) ? .end(plain(Array(hostPath.utf8))) : .end(fromRoot(index))
        default: break
        }
        if ProcFile.refused.contains(name) { return .node(.refused, hostPath: hostPath, name: guestPath) }
        if let file = ProcFile(rawValue: name), file != .children || task.isThread {
            return .node(.file(file, task), hostPath: hostPath, name: guestPath)
        }
        // Mounts, control groups, namespaces, I/O counts and the like are the host process's own.
        return .place(.foreign(task, [components[index]]))
    }

    /// Nothing there is a link to a directory but one that cannot be left again by "..", so names can be counted.
    private func step(within task: ProcTask, _ names: [ArraySlice<UInt8>], _ index: Int) -> Step {
        guard components[index].elementsEqual("..".utf8) else {
            return .place(.foreign(task, names + [components[index]]))
        }
        if case .failure(let error) = HostDirectory.open(foreignPath(task, names)) { return .end(.failure(error)) }
        let left = names.dropLast()
        return .place(left.isEmpty ? .directory(.process, task) : .foreign(task, Array(left)))
    }

    private func foreignPath(_ task: ProcTask, _ names: [ArraySlice<UInt8>]) -> [UInt8] {
        names.reduce(into: Array(task.hostPath.dropLast().utf8)) { $0 += [UInt8(ascii: "/")] + $1 }
    }

    private func step(from directory: ProcDirectory, _ task: ProcTask, by name: String, _ index: Int) -> Step {
        if name == ".." {
            let owner = directory == .tasks ? ProcTask(thread: task.thread, isThread: false) : task
            return .place(.directory(.process, owner))
        }
        if directory == .descriptors { return descriptor(name, task, index) }
        guard let number = Int32(name) else { return .end(.failure(CallError(errno: ENOENT))) }
        if directory == .tasks {
            guard let thread = thread(number) else { return .end(.failure(CallError(errno: ENOENT))) }
            return .place(.directory(.process, ProcTask(thread: thread, isThread: true)))
        }
        guard let file = kernel.files.find(UInt64(signed: number)) else {
            return .end(.failure(CallError(errno: ENOENT)))
        }
        return .node(
            .descriptorInfo(number, file), hostPath: "\(task.hostPath)fdinfo/\(file.hostFD)",
            name: "\(guestPath(directory, task))/\(number)")
    }

    /// fd/N: the thing itself, or where the path goes on, the way from there.
    private func descriptor(_ name: String, _ task: ProcTask, _ index: Int) -> Step {
        guard let number = Int32(name), number >= 0, let file = kernel.files.find(UInt64(number)) else {
            return .end(.failure(CallError(errno: ENOENT)))
        }
        let hostPath = "\(task.hostPath)fd/\(file.hostFD)"
        if index == components.count - 1, !hasTrailingSlash {
            return .node(
                .descriptor(file), hostPath: hostPath, name: "\(guestPath(.descriptors, task))/\(number)")
        }
        var rest = slashAndRest(after: index)
        if let place = file.payload as? SpecialDirectory {
            if let found = find(absolute: place.path + rest) {
                return .end(found)
            }
        }
        if isFollowedHere { return .end(goOn(from: .descriptor(file), Array(rest.dropFirst()))) }
        rest = Array(hostPath.utf8) + rest
        return .end(
            .success(ResolvedPath(hostDirectory: AT_FDCWD, directory: file, hostPath: rest, guestPath: rest)))
    }

    // MARK: - Ways out

    private func fromWorkingDirectory(_ index: Int) -> Result<ResolvedPath, CallError> {
        let rest = slashAndRest(after: index)
        if kernel.paths.isWorkingDirectorySpecial, let place = HostFile.workingDirectory(),
            let found = find(absolute: place + rest)
        {
            return found
        }
        if isFollowedHere { return goOn(from: .workingDirectory, Array(rest.dropFirst())) }
        return plain(Array("/proc/self/cwd".utf8) + rest)
    }

    private func fromRoot(_ index: Int) -> Result<ResolvedPath, CallError> {
        let rest = slashAndRest(after: index)
        if let found = find(absolute: rest) { return found }
        return goOn(from: .root, rest.isEmpty ? [UInt8(ascii: "/")] : rest)
    }

    /// Where the resolver itself is to follow what is left; the host is otherwise.
    private func goOn(from start: ResolvedPath.Start, _ path: [UInt8]) -> Result<ResolvedPath, CallError> {
        if !isFollowedHere { return plain(path) }
        let directory: FileDescription? = if case .descriptor(let file) = start { file } else { nil }
        return .success(
            ResolvedPath(
                hostDirectory: AT_FDCWD, directory: directory, hostPath: path, guestPath: path, goesOn: start))
    }

    private func find(absolute path: [UInt8]) -> Result<ResolvedPath, CallError>? {
        SyntheticPath.find(kernel, absolute: path, followsLast: followsLast, isFollowedHere: isFollowedHere)
    }

    private func plain(_ path: [UInt8]) -> Result<ResolvedPath, CallError> {
        .success(ResolvedPath(hostDirectory: AT_FDCWD, directory: nil, hostPath: path, guestPath: path))
    }

    private func slashAndRest(after index: Int) -> [UInt8] {
        var rest: [UInt8] = []
        for component in components[(index + 1)...] {
            rest.append(UInt8(ascii: "/"))
            rest += component
        }
        if hasTrailingSlash { rest.append(UInt8(ascii: "/")) }
        return rest
    }

    // MARK: - Who is who

    private func isUnfollowed(_ index: Int) -> Bool {
        index == components.count - 1 && !followsLast
    }

    /// The process, shown by its first thread, or by another when that one has ended.
    private var process: ProcTask? {
        let thread = kernel.threads.find(tid: kernel.identity.pid) ?? ProcWalk.callingThread(kernel)
        return thread.map { ProcTask(thread: $0, isThread: false) }
    }

    /// By the guest's id, or by the host's, which the working directory's path may have.
    private func thread(_ number: Int32) -> GuestThread? {
        kernel.threads.find(tid: number)
            ?? kernel.threads.snapshot().first { $0.context.pointee.host_tid == number }
    }

    /// The guest thread whose call this is.
    static func callingThread(_ kernel: GuestKernel) -> GuestThread? {
        let hostTid = Int32(hostCall(__NR_gettid))
        return kernel.threads.snapshot().first { $0.context.pointee.host_tid == hostTid }
    }
}
