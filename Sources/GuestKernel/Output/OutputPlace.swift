import Glibc
import RecordCoding

/// Where a stream leads, for a mirror that has to write to it after the guest's description is gone.
enum OutputPlace: Sendable, Equatable {
    /// A connection: its bytes do not travel.
    case nowhere
    /// What came from outside under this number.
    case outside(Int32)
    /// A regular file that came from outside, and which one that is on the primary's machine.
    case outsideFile(Int32, device: UInt64, inode: UInt64)
    /// A terminal that was opened by its path.
    case path([UInt8])
    /// A socket for datagrams.
    case socket(domain: Int32, type: Int32, networkProtocol: Int32)

    func put(into writer: inout RecordWriter) {
        switch self {
        case .nowhere:
            writer.put(UInt8(0))
        case .outside(let descriptor):
            writer.put(UInt8(1))
            writer.put(descriptor)
        case .path(let path):
            writer.put(UInt8(2))
            writer.put(path)
        case .socket(let domain, let type, let networkProtocol):
            writer.put(UInt8(3))
            writer.put(domain)
            writer.put(type)
            writer.put(networkProtocol)
        case .outsideFile(let descriptor, let device, let inode):
            writer.put(UInt8(4))
            writer.put(descriptor)
            writer.put(device)
            writer.put(inode)
        }
    }

    init(from reader: inout RecordReader) throws(RecordError) {
        switch try reader.get(UInt8.self) {
        case 0: self = .nowhere
        case 1: self = .outside(try reader.get())
        case 2: self = .path(try reader.getBytes())
        case 3: self = .socket(domain: try reader.get(), type: try reader.get(), networkProtocol: try reader.get())
        case 4: self = .outsideFile(try reader.get(), device: try reader.get(), inode: try reader.get())
        default: throw .isMalformed
        }
    }
}
