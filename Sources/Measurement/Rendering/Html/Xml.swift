/// Elements as text that is XML, and that a browser reads as HTML, too: what is empty in HTML is written as empty here,
/// and nothing else is.
enum Xml {
    /// Text as it stands between tags, and between double quotes. What XML cannot hold is replaced.
    static func escaped(_ text: String) -> String {
        var result = ""
        for character in text.unicodeScalars {
            switch character {
            case "&": result += "&amp;"
            case "<": result += "&lt;"
            case ">": result += "&gt;"
            case "\"": result += "&quot;"
            case "\t", "\n": result.unicodeScalars.append(character)
            case "\u{0}"..."\u{1f}", "\u{7f}"..."\u{9f}", "\u{fffe}", "\u{ffff}": result += "\u{fffd}"
            default: result.unicodeScalars.append(character)
            }
        }
        return result
    }

    /// `content` is XML.
    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], _ content: String
    ) -> String {
        "<\(name)\(list(attributes))>\(content)</\(name)>"
    }

    /// `text` is not.
    static func element(
        _ name: String, _ attributes: KeyValuePairs<String, String> = [:], text: String
    ) -> String {
        element(name, attributes, escaped(text))
    }

    /// One that never has content.
    static func empty(_ name: String, _ attributes: KeyValuePairs<String, String>) -> String {
        "<\(name)\(list(attributes))/>"
    }

    private static func list(_ attributes: KeyValuePairs<String, String>) -> String {
        attributes.map { " \($0.key)=\"\(escaped($0.value))\"" }.joined()
    }
}
