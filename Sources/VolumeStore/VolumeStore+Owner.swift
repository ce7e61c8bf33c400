import CGuestEntry
import Glibc
import Volumes

/// A mirror that is not root owns the files of its copy, and has no other right to them. The guest may have had more:
/// what it had open stayed usable when modes above it changed, and it may have been root.
extension VolumeStore {
    private struct Widened {
        let descriptor: Int32
        let mode: UInt32
    }

    /// Applies an operation. Where modes of the directories above are in the way, their owner is let in meanwhile.
    func applyAsOwner(_ operation: FileOperation) throws(Errno) {
        do throws(Errno) {
            try apply(operation)
        } catch {
            guard error.code == EACCES else { throw error }
            var widened: [Widened] = []
            defer { for directory in widened { close(directory.descriptor) } }
            var failure: Errno?
            do throws(Errno) {
                for path in operation.paths { try widen(above: path, &widened) }
                if widened.isEmpty { throw error }
                try apply(operation)
            } catch let again {
                failure = again
            }
            for directory in widened.reversed() { try FileAttributes.setMode(directory.descriptor, directory.mode) }
            if let failure { throw failure }
        }
    }

    private func widen(above path: VolumePath, _ widened: inout [Widened]) throws(Errno) {
        var above: [VolumePath] = []
        while let parent = (above.last ?? path).parent { above.append(parent) }
        // From the volume's own directory on: what is below can be looked up then.
        for directory in above.reversed() {
            let root = root(directory)
            let file = try directory.relative.isEmpty ? root.itself() : root.file(directory)
            let mode = UInt32(try FileAttributes.status(file.descriptor).st_mode) & 0o7777
            if mode & 0o700 == 0o700 { continue }
            try FileAttributes.setMode(file.descriptor, mode | 0o700)
            widened.append(Widened(descriptor: file.release(), mode: mode))
        }
    }
}
