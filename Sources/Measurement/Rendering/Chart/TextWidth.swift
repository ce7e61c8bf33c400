/// How wide text becomes in the usual sans-serif fonts, rather too wide than too narrow: there is nobody to ask.
enum TextWidth {
    static func of(_ text: String, size: Double) -> Double {
        text.unicodeScalars.reduce(0) { $0 + share($1) } * size
    }

    /// Of the font's size.
    private static func share(_ character: Unicode.Scalar) -> Double {
        switch character {
        case "i", "j", "l", "I", "|", ".", ",", ":", ";", "'", "!", " ": 0.33
        case "f", "r", "t", "(", ")", "[", "]", "/", "-": 0.42
        case "m", "w", "M", "W", "@", "%": 0.95
        case "A"..."Z", "+", "=", "<", ">", "×", "≤", "≥", "~": 0.75
        case "\u{1100}"...: character.value < 0x2000 || character.value > 0x2e80 ? 1.05 : 0.7
        default: 0.62
        }
    }

    /// The text in lines of at most this width, broken between words; words that are longer are broken, too.
    static func lines(_ text: String, width: Double, size: Double) -> [String] {
        var lines: [String] = []
        var line = ""
        for word in text.split(separator: " ") {
            let longer = line.isEmpty ? String(word) : "\(line) \(word)"
            if of(longer, size: size) <= width {
                line = longer
                continue
            }
            if !line.isEmpty { lines.append(line) }
            line = ""
            for character in word {
                if !line.isEmpty, of(line + String(character), size: size) > width {
                    lines.append(line)
                    line = ""
                }
                line.append(character)
            }
        }
        return lines + (line.isEmpty ? [] : [line])
    }
}
