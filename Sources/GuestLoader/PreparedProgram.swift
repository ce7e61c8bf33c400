import CGuestEntry
import Glibc
import GuestMemory

/// A program whose files are open and have been looked at: nothing is in memory yet, and whatever can be wrong with
/// them has been said.
public struct PreparedProgram {
    /// As it was asked for; for a script, the script's.
    public let path: String
    /// What it is run with: for a script, its interpreter's words first.
    public let arguments: [[UInt8]]
    public let environment: [[UInt8]]
    let file: ProgramFile
    let elf: ElfFile
    let interpreter: (ProgramFile, ElfFile)?

    /// The executable that is loaded (for a script, its interpreter), by the path that the host's kernel has for it.
    public var executablePath: String { file.identity.path }

    /// Opens a path as the host's kernel follows it.
    public static func openOnHost(_ path: String) -> Int {
        path.withCString { path in
            hostCall(
                __NR_openat, UInt64(signed: AT_FDCWD), UInt64(address: path), UInt64(UInt32(ProgramLoader.openFlags)))
        }
    }

    /// - Parameter open: gives a host descriptor of a path's file (`ProgramLoader.openFlags`), or a negative errno.
    public init(
        path: String, arguments: [[UInt8]], environment: [[UInt8]], open: (String) -> Int
    ) throws(ProgramError) {
        var file = try ProgramFile(path: path, purpose: "", open: open)
        var arguments = arguments
        var depth = 0
        while ScriptInterpreter.isScript(file.firstBytes) {
            depth += 1
            guard depth <= ScriptInterpreter.nestingCountMax else {
                throw ProgramError(
                    .notRunnable, "\(path): too many levels of scripts that interpret scripts", errno: ELOOP)
            }
            let script: ScriptInterpreter
            do throws(ElfError) {
                script = try ScriptInterpreter(parsing: file.firstBytes)
            } catch {
                throw ProgramError(.notRunnable, "\(file.path): \(error.message)")
            }
            arguments = script.arguments(scriptPath: Array(file.path.utf8), arguments: arguments)
            file = try PreparedProgram.interpreter(String(decoding: script.path, as: UTF8.self), of: file.path, open)
        }
        self.path = path
        self.arguments = arguments
        self.environment = environment
        self.file = file
        elf = try file.elf()
        interpreter = try PreparedProgram.interpreter(of: elf, file, open)
    }

    private static func interpreter(
        of elf: ElfFile, _ file: ProgramFile, _ open: (String) -> Int
    ) throws(ProgramError) -> (ProgramFile, ElfFile)? {
        guard let part = elf.interpreter else { return nil }
        let path: [UInt8]
        do throws(ElfError) {
            path = try ElfFile.interpreterPath(
                from: file.bytes(offset: part.offset, count: Int(part.byteCount)) ?? [])
        } catch {
            throw ProgramError(.notRunnable, "\(file.path): \(error.message)")
        }
        let found = try interpreter(String(decoding: path, as: UTF8.self), of: file.path, open)
        return (found, try found.elf())
    }

    /// A missing interpreter is the program's fault, which is there: 126.
    private static func interpreter(
        _ path: String, of program: String, _ open: (String) -> Int
    ) throws(ProgramError) -> ProgramFile {
        do throws(ProgramError) {
            return try ProgramFile(path: path, purpose: "\(program): its interpreter ", open: open)
        } catch {
            throw ProgramError(.notRunnable, error.message, errno: error.errno)
        }
    }
}
