import Glibc

/// Finds PROGRAM as execvp(3) does, in the guest's own PATH.
enum ProgramSearch {
    /// What execvp(3) searches where PATH is not set: confstr(_CS_PATH) of the C library.
    private static let defaultPath = "/bin:/usr/bin"

    /// The path to load. A name with a slash is taken as it is: the loader says what is wrong with it.
    static func path(of program: [UInt8], environment: [[UInt8]]) throws(SupervisorError) -> String {
        let name = String(decoding: program, as: UTF8.self)
        if program.isEmpty { throw SupervisorError(.notFound, "the program's name is empty") }
        if program.contains(UInt8(ascii: "/")) { return name }
        let variable = GuestEnvironment.value(of: "PATH", in: environment)
        let directories = (variable ?? defaultPath).split(separator: ":", omittingEmptySubsequences: false)
        var refused: String?
        for directory in directories {
            // An empty entry is the working directory.
            let candidate = directory.isEmpty ? "./\(name)" : "\(directory)/\(name)"
            var status = stat()
            guard stat(candidate, &status) == 0 else {
                if errno == EACCES, refused == nil { refused = candidate }
                continue
            }
            if status.st_mode & S_IFMT == S_IFREG, access(candidate, X_OK) == 0 { return candidate }
            if refused == nil { refused = candidate }
        }
        if let refused { throw SupervisorError(.notRunnable, "\(refused): not an executable file") }
        throw SupervisorError(.notFound, "\(name): not found in PATH")
    }
}
