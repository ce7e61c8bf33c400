/// The elements of one picture, which grows downwards.
struct SvgCanvas {
    /// Narrow enough for a telephone.
    static let width = 440.0
    static let fontSize = 13.0
    static let lineHeight = 17.0

    private(set) var elements: [String] = []
    /// Down to where it is filled.
    var bottom = 0.0

    enum Anchor: String {
        case start, middle, end
    }

    mutating func add(_ element: String) { elements.append(element) }

    /// `y` is the text's base line.
    mutating func text(_ text: String, _ x: Double, _ y: Double, _ anchor: Anchor = .start, style: String = "") {
        var attributes = " x=\"\(SvgCanvas.number(x))\" y=\"\(SvgCanvas.number(y))\""
        if anchor != .start { attributes += " text-anchor=\"\(anchor.rawValue)\"" }
        if !style.isEmpty { attributes += " class=\"\(style)\"" }
        add("<text\(attributes)>\(Xml.escaped(text))</text>")
    }

    /// Lines below what there is, each as long as the picture is wide.
    mutating func paragraph(_ text: String, style: String = "") {
        for line in TextWidth.lines(text, width: SvgCanvas.width, size: SvgCanvas.fontSize) {
            bottom += SvgCanvas.lineHeight
            self.text(line, 0, bottom - 4, style: style)
        }
    }

    /// An axis's title below its labels.
    mutating func title(_ text: String, middle: Double) {
        let half = TextWidth.of(text, size: SvgCanvas.fontSize) / 2
        if middle - half >= 0, middle + half <= SvgCanvas.width {
            bottom += SvgCanvas.lineHeight
            self.text(text, middle, bottom - 4, .middle, style: "small")
        } else {
            paragraph(text, style: "small")
        }
        bottom += 2
    }

    mutating func line(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double), style: String) {
        let place = [from.x, from.y, to.x, to.y].map(SvgCanvas.number)
        add(
            Xml.empty(
                "line", ["x1": place[0], "y1": place[1], "x2": place[2], "y2": place[3], "class": style]))
    }

    mutating func path(_ path: String, style: String, dash: String = "") {
        add(
            dash.isEmpty
                ? Xml.empty("path", ["d": path, "class": style])
                : Xml.empty("path", ["d": path, "class": style, "stroke-dasharray": dash]))
    }

    /// All that `body` adds, as a group of the class.
    mutating func group(_ style: String, _ body: (inout SvgCanvas) -> Void) {
        var inner = SvgCanvas()
        inner.bottom = bottom
        body(&inner)
        bottom = inner.bottom
        add(Xml.element("g", ["class": style], inner.elements.joined()))
    }

    /// A tenth is as fine as a screen shows it.
    static func number(_ value: Double) -> String {
        let text = Figure.fixed(value, digits: 1)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
