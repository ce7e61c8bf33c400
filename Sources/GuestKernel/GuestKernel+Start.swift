import Glibc
import GuestLoader
import GuestMemory

extension GuestKernel {
    /// Loads the program and starts its first thread.
    public func start(path: String, arguments: [[UInt8]], environment: [[UInt8]]) throws(ProgramError) {
        let loaded = try load(
            try PreparedProgram(
                path: path, arguments: arguments, environment: environment, open: PreparedProgram.openOnHost))
        let result = startFirstThread(of: loaded)
        if result != 0 { throw ProgramError(.noRoom, "the guest's first thread cannot be started: errno \(result)") }
    }

    /// Returns an errno, or 0.
    private func startFirstThread(of program: LoadedProgram) -> Int32 {
        guard let thread = makeFirstThread(of: program, calledBy: program.path) else { return ENOMEM }
        thread.signals.mask = configuration.signalMask & ~SignalSet.unblockable
        thread.origin = .first
        return start(thread)
    }

    /// Brings a program into guest memory, which holds nothing else, and knows it as the guest's.
    func load(_ prepared: PreparedProgram) throws(ProgramError) -> LoadedProgram {
        let hasGS = callSites.hasGS
        let loader = ProgramLoader(memory: memory, stackByteLimit: limits.soft(of: ResourceLimits.stack)) { memory in
            hasGS ? GuestVdso.install(memory) : nil
        }
        let loaded = try loader.load(prepared)
        callSites.setVdso(loaded.vdso ?? 0)
        var program = GuestProgram()
        let path = paths.guestPath(ofHostPath: Array(prepared.executablePath.utf8))
        program.path = String(decoding: path, as: UTF8.self)
        program.arguments = loaded.arguments
        program.environment = prepared.environment
        program.auxiliaryVector = loaded.auxiliaryVector
        program.stack = loaded.stack
        program.entry = loaded.start
        setProgram(program)
        return loaded
    }
}
