public import RecordCoding

/// An epoch's file operations as flat bytes: one behind the other, so that lists of epochs that travel together are
/// joined by joining their bytes.
public enum FileOperationList {
    public static func encode(_ operations: [FileOperation]) -> [UInt8] {
        var writer = RecordWriter(capacity: 256)
        for operation in operations { operation.write(to: &writer) }
        return writer.bytes
    }

    /// All of them, or none where something is not what `encode` writes.
    public static func decode(_ bytes: [UInt8]) throws(RecordError) -> [FileOperation] {
        var reader = RecordReader(bytes)
        var operations: [FileOperation] = []
        while reader.remaining > 0 { operations.append(try FileOperation(from: &reader)) }
        return operations
    }
}
