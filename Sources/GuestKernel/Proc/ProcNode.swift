import GuestMemory

/// Whose directory below /proc is meant: the process's, or one thread's below task/.
struct ProcTask: Sendable {
    /// The thread whose name, state and masks are shown.
    let thread: GuestThread
    /// Below task/: the files show the thread rather than the process.
    let isThread: Bool

    /// Where the guest finds the directory.
    func guestPath(_ kernel: GuestKernel) -> String {
        let process = "/proc/\(kernel.identity.pid)"
        return isThread ? "\(process)/task/\(thread.tid)" : process
    }

    /// The directory of the supervisor that stands for it, with a slash: /proc/self alone is a symbolic link.
    var hostPath: String {
        isThread ? "/proc/self/task/\(thread.context.pointee.host_tid)/" : "/proc/self/"
    }
}

/// Something below /proc/self that is the guest's and not the supervisor's.
enum ProcNode: Sendable {
    /// /proc/self and /proc/thread-self as links, not followed.
    case selfLink, threadSelfLink
    /// The program's file, as a link that is not followed.
    case executableLink, workingDirectoryLink
    case directory(ProcDirectory, ProcTask)
    case file(ProcFile, ProcTask)
    /// fd/N, followed or not.
    case descriptor(FileDescription)
    /// fdinfo/N.
    case descriptorInfo(Int32, FileDescription)
    /// There, but not to be opened.
    case refused
}

/// Directories whose entries are the guest's. The rest of a process's directory lists as the host's does.
enum ProcDirectory: Sendable {
    case process
    case descriptors
    case descriptorInfos
    case tasks

    var name: String {
        switch self {
        case .process: return ""
        case .descriptors: return "fd"
        case .descriptorInfos: return "fdinfo"
        case .tasks: return "task"
        }
    }
}

/// Files below /proc/self that are made up when they are opened.
enum ProcFile: String, Sendable {
    case maps
    case smaps
    case smapsRollup = "smaps_rollup"
    case stat
    case statm
    case status
    case cmdline
    case environ
    case auxv
    case comm
    case children
    case limits
    case wchan

    /// Files that speak of the supervisor's memory or stack and are not to be had: writing through mem goes past
    /// everything that keeps the guest in its arena, pagemap and clear_refs are what tracks its pages, and what the
    /// others would show is where the supervisor stands.
    static let refused: Set<String> = [
        "mem", "pagemap", "clear_refs", "map_files", "numa_maps", "syscall", "stack", "personality",
    ]
}
