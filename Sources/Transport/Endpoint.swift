import Glibc

/// `HOST:PORT`, as a person writes it: `127.0.0.1:7000`, `localhost:7000`, `[::1]:7000`. Port 0 asks for any free one.
public struct Endpoint: Equatable, Hashable, Sendable, CustomStringConvertible {
    /// A name or an address; an IPv6 address without its brackets.
    public let host: String
    public let port: UInt16

    /// A host name has up to 253 characters (RFC 1035); an IPv6 address with its scope is far shorter.
    private static let hostByteCountMax = 253

    public init(host: String, port: UInt16) throws(TransportError) {
        let bytes = host.utf8
        guard !bytes.isEmpty else { throw TransportError("the host is missing: use HOST:PORT") }
        guard bytes.count <= Endpoint.hostByteCountMax else {
            throw TransportError("the host has \(bytes.count) bytes; the most is \(Endpoint.hostByteCountMax)")
        }
        guard bytes.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "[") && $0 != UInt8(ascii: "]") }) else {
            throw TransportError("the host has a character that no host has: use a name or an address, then :PORT")
        }
        self.host = host
        self.port = port
    }

    /// Takes `text` apart. Throws with a message that says what is wrong with it, for the person who wrote it.
    public init(parsing text: String) throws(TransportError) {
        let parts = try text.hasPrefix("[") ? Endpoint.bracketed(text) : Endpoint.plain(text)
        try self.init(host: parts.host, port: Endpoint.port(parts.port))
    }

    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    private static func bracketed(_ text: String) throws(TransportError) -> (host: String, port: Substring) {
        guard let end = text.firstIndex(of: "]") else {
            throw TransportError("the bracket is not closed: use [ADDRESS]:PORT")
        }
        let host = text[text.index(after: text.startIndex)..<end]
        guard host.contains(":") else { throw TransportError("only an IPv6 address goes in brackets: use HOST:PORT") }
        let rest = text[text.index(after: end)...]
        guard rest.first == ":" else { throw TransportError("no port after the bracket: use [ADDRESS]:PORT") }
        return (String(host), rest.dropFirst())
    }

    private static func plain(_ text: String) throws(TransportError) -> (host: String, port: Substring) {
        guard let colon = text.firstIndex(of: ":") else { throw TransportError("no port: use HOST:PORT") }
        let port = text[text.index(after: colon)...]
        guard !port.contains(":") else {
            throw TransportError("more than one colon: use HOST:PORT, and [ADDRESS]:PORT for an IPv6 address")
        }
        return (String(text[..<colon]), port)
    }

    private static func port(_ text: Substring) throws(TransportError) -> UInt16 {
        let digits = text.utf8
        guard !digits.isEmpty else { throw TransportError("the port is missing: use HOST:PORT") }
        guard digits.count <= 5, digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(text)
        else { throw TransportError("the port is not a number from 0 to 65535") }
        return port
    }
}
