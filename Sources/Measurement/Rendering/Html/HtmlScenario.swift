/// A scenario's part of the page.
enum HtmlScenario {
    /// Names of scenarios are single words.
    static func anchor(_ result: ScenarioResult) -> String { "scenario-\(result.name)" }

    static func section(_ result: ScenarioResult) -> String {
        var parts = [
            Xml.element(
                "h2", [:], Xml.element("code", text: result.name) + Xml.escaped(": \(result.summary)"))
        ]
        if let failure = result.failure {
            parts.append(Xml.element("p", ["class": "failure"], text: "Could not be measured: \(failure)"))
        }
        for note in result.notes { parts.append(Xml.element("p", text: note)) }
        if !result.missingPeers.isEmpty {
            let peers = result.missingPeers.map { Xml.element("li", text: $0) }.joined()
            parts.append(Xml.element("p", ["class": "peers"], text: "Not compared:") + Xml.element("ul", [:], peers))
        }
        parts += result.tables.map(HtmlTable.table)
        if !result.plots.isEmpty {
            let figures = result.plots.map(figure).joined(separator: "\n")
            parts.append(Xml.element("div", ["class": "plots"], figures))
        }
        parts.append(
            Xml.element("p", ["class": "took"], text: "Took \(Figure.duration(seconds: result.seconds))."))
        return Xml.element(
            "section", ["id": anchor(result), "class": "scenario"], parts.joined(separator: "\n"))
    }

    private static func figure(_ plot: Plot) -> String {
        Xml.element("figure", [:], Xml.element("figcaption", text: plot.title) + SvgChart.inPage(plot))
    }
}
