import Foundation
import FoundationXML
import TestSupport

/// A page or picture, read by a parser that forgives nothing.
struct XmlText {
    private let document: XMLDocument

    init(_ text: String) throws {
        do {
            document = try XMLDocument(data: Data(text.utf8), options: .nodePreserveWhitespace)
        } catch {
            throw TestFailure("not well-formed: \(error)\n\(text.prefix(2000))")
        }
    }

    /// The elements of this name, wherever they are.
    func elements(_ name: String) throws -> [XMLElement] {
        try document.nodes(forXPath: "//*[local-name()='\(name)']").compactMap { $0 as? XMLElement }
    }

    /// What stands in them.
    func texts(_ name: String) throws -> [String] { try elements(name).map { $0.stringValue ?? "" } }

    /// One attribute of each of them that has it.
    func attributes(_ name: String, of element: String) throws -> [String] {
        try document.nodes(forXPath: "//*[local-name()='\(element)']/@\(name)").map { $0.stringValue ?? "" }
    }
}
