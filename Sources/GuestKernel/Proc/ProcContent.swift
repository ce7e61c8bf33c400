import Glibc
import GuestMemory

extension ProcFile {
    /// The file's content as it is now.
    func content(_ kernel: GuestKernel, _ task: ProcTask) -> [UInt8] {
        switch self {
        case .maps: return ProcMaps.text(kernel)
        case .smaps: return ProcSmaps.text(kernel)
        case .smapsRollup: return ProcSmaps.rollup(kernel)
        case .stat: return ProcStat.text(kernel, task)
        case .statm: return ProcStat.memoryText(kernel)
        case .status: return ProcStatus.text(kernel, task)
        case .cmdline: return terminated(kernel.program.arguments)
        case .environ: return terminated(kernel.program.environment)
        case .auxv: return kernel.program.auxiliaryVector
        case .comm: return task.thread.name + [UInt8(ascii: "\n")]
        case .limits: return ProcLimits.text(kernel)
        // No guest has children yet; their ids would stand here.
        case .children: return []
        // What the kernel shows for a task that runs (proc_pid_wchan(5)).
        case .wchan: return [UInt8(ascii: "0")]
        }
    }

    private func terminated(_ strings: [[UInt8]]) -> [UInt8] {
        var bytes: [UInt8] = []
        for string in strings {
            bytes += string
            bytes.append(0)
        }
        return bytes
    }
}
