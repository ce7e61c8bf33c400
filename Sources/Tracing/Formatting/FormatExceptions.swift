import GuestKernel
import SyscallShapes

/// Calls that are shown in more or less detail than the others (`-e abbrev=`, `verbose=`, `raw=`).
///
/// A class, so that where there are none, which is most often, nothing is copied to see that.
public final class FormatExceptions: Sendable {
    /// Those whose structures are shortened.
    private let abbreviated: CallSelection
    /// Those whose structures are looked into; of the others strings are.
    private let dereferenced: CallSelection
    /// Those that are shown as plain numbers.
    private let raw: CallSelection

    /// Nil where there are none.
    init?(_ options: LineOptions) {
        if options.abbreviated == .all, options.dereferenced == .all, options.raw == .none { return nil }
        abbreviated = options.abbreviated
        dereferenced = options.dereferenced
        raw = options.raw
    }

    /// Whether a call's structures are shortened.
    func isAbbreviated(_ number: Int) -> Bool { abbreviated.contains(number) }

    /// `shape` is what this call's arguments mean, of the `argumentCount` that the call has in all.
    func shape(_ shape: CallShape, _ argumentCount: Int, _ number: Int) -> CallShape {
        if raw.contains(number) {
            return CallShape((0..<argumentCount).map { _ in .bits }, result: .bits)
        }
        if dereferenced.contains(number) { return shape }
        let kinds = (0..<shape.count).map { FormatExceptions.withoutStructure(shape.kinds[$0]) }
        return CallShape(kinds, result: shape.result)
    }

    private static func withoutStructure(_ kind: SyscallShapes.ArgumentKind) -> SyscallShapes.ArgumentKind {
        switch kind {
        case .input(let content, _), .output(let content, _), .update(let content, _):
            return content.isText ? kind : .pointer
        default: return kind
        }
    }
}

extension MemoryContent {
    /// Whether it is a string or a buffer.
    fileprivate var isText: Bool { self == .bytes || self == .randomBytes || self == .path }
}
