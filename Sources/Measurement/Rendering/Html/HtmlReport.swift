/// The report as one page that needs no network and no script: HTML that is well-formed XML, too.
public enum HtmlReport {
    public static func page(_ report: BenchReport) -> String {
        let title = "understudy bench, \(report.started.prefix(10))"
        let head = [
            Xml.empty("meta", ["charset": "utf-8"]),
            Xml.empty("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"]),
            Xml.empty("meta", ["name": "color-scheme", "content": "light dark"]),
            Xml.element("title", text: title),
            Xml.element("style", [:], HtmlStyle.sheet + ChartStyle.ofPage),
        ]
        let main = [heading(report), contents(report), goals(report)] + report.scenarios.map(HtmlScenario.section)
        let body = Xml.element("main", [:], "\n" + main.joined(separator: "\n") + "\n")
        return "<!DOCTYPE html>\n"
            + Xml.element(
                "html", ["xmlns": "http://www.w3.org/1999/xhtml", "lang": "en"],
                "\n" + Xml.element("head", [:], head.joined(separator: "\n")) + "\n"
                    + Xml.element("body", [:], body) + "\n") + "\n"
    }

    // MARK: - What was measured where

    private static func heading(_ report: BenchReport) -> String {
        let failed = report.scenarios.filter { $0.failure != nil }
        var parts = [Xml.element("h1", text: "understudy bench")]
        if !failed.isEmpty {
            let names = failed.map(\.name).joined(separator: ", ")
            parts.append(Xml.element("p", ["class": "failure"], text: "Could not be measured: \(names)"))
        }
        parts.append(facts(report))
        parts.append(
            Xml.element(
                "p",
                text: "What is compared ran in turns, in one invocation. Figures are medians; the smaller ones below "
                    + "are the lowest and the highest of the rounds. A ratio (2.00×) is to what its table says."))
        return Xml.element("header", [:], parts.joined(separator: "\n"))
    }

    private static func facts(_ report: BenchReport) -> String {
        let machine = report.machine
        let memory = "\(Figure.fixed(Double(machine.memoryBytes) / 1e9, digits: 0)) GB"
        var facts = [
            ("Understudy", report.understudy),
            ("Measured", "\(minute(report.started)), in \(Figure.duration(seconds: report.seconds))"),
            ("Plan", planText(report.plan)),
            ("Machine", "\(machine.processor), \(machine.processorCount) processors, \(memory)"),
            ("System", "\(machine.system), Linux \(machine.kernel)"),
        ]
        facts += machine.versions.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        let rows = facts.map { name, value in
            Xml.element("div", [:], Xml.element("dt", text: name) + Xml.element("dd", text: value))
        }
        return Xml.element("dl", ["class": "facts"], rows.joined(separator: "\n"))
    }

    /// Of an ISO 8601 timestamp in UTC what a reader wants to know.
    private static func minute(_ timestamp: String) -> String {
        let parts = timestamp.split(separator: "T")
        return parts.count == 2 ? "\(parts[0]) \(parts[1].prefix(5)) UTC" : timestamp
    }

    private static func planText(_ plan: BenchPlan) -> String {
        let form = plan.isShort ? "the short form" : "the full form"
        return plan.rounds.map { "\(form), with \(Figure.counted($0, "round")) of each" } ?? form
    }

    private static func contents(_ report: BenchReport) -> String {
        var entries = report.scenarios.map { scenario in
            let link = Xml.element(
                "a", ["href": "#\(HtmlScenario.anchor(scenario))"], Xml.element("code", text: scenario.name))
            return link + Xml.escaped(": \(scenario.summary)\(scenario.failure == nil ? "" : " (failed)")")
        }
        if report.scenarios.contains(where: { !$0.reaches.isEmpty }) {
            entries.insert(Xml.element("a", ["href": "#goals"], text: "Goals"), at: 0)
        }
        if entries.isEmpty { return Xml.element("p", text: "No scenario was measured.") }
        let items = entries.map { Xml.element("li", [:], $0) }.joined(separator: "\n")
        return Xml.element("nav", ["aria-label": "Contents"], Xml.element("ul", [:], items))
    }

    // MARK: - Goals

    private static func goals(_ report: BenchReport) -> String {
        let reaches = report.scenarios.flatMap(\.reaches)
        if reaches.isEmpty { return "" }
        let reached = reaches.filter(\.isReached).count
        let names = ["What", "Goal", "Found", "Reached"].map { Xml.element("th", ["scope": "col"], text: $0) }
        let head = Xml.element("thead", [:], Xml.element("tr", [:], names.joined()))
        let bodies = report.scenarios.filter { !$0.reaches.isEmpty }.map { scenario in
            let link = Xml.element("a", ["href": "#\(HtmlScenario.anchor(scenario))"], text: scenario.name)
            let title = Xml.element("th", ["scope": "rowgroup", "colspan": "4", "class": "group"], link)
            return Xml.element(
                "tbody", [:],
                ([Xml.element("tr", [:], title)] + scenario.reaches.map(row)).joined(separator: "\n"))
        }
        let table = Xml.element("table", ["class": "goals"], head + bodies.joined(separator: "\n"))
        let parts = [
            Xml.element("h2", text: "Goals"),
            Xml.element("p", text: "\(reached) of \(reaches.count) reached."),
            Xml.element("div", ["class": "scroll"], table),
        ]
        return Xml.element("section", ["id": "goals"], parts.joined(separator: "\n"))
    }

    private static func row(_ reach: Reach) -> String {
        let verdict = reach.isReached ? "✓ yes" : "✗ no"
        let cells = [
            Xml.element("th", ["scope": "row"], text: reach.what), Xml.element("td", text: reach.goal),
            Xml.element("td", text: reach.found),
            Xml.element("td", ["class": reach.isReached ? "reached" : "missed"], text: verdict),
        ]
        return Xml.element("tr", [:], cells.joined())
    }
}
