import Testing

@testable import Measurement

@Suite("the report as a page")
struct HtmlReportTests {
    @Test("it is well-formed, needs nothing from elsewhere, and runs nothing")
    func selfContained() throws {
        let page = HtmlReport.page(ReportFixture.report())
        let xml = try XmlText(page)
        for name in ["script", "link", "img", "iframe", "object", "b"] {
            #expect(try xml.elements(name).count == (name == "b" ? 4 : 0), "\(name)")
        }
        for word in ["url(", "@import", "src="] { #expect(!page.contains(word)) }
        // Names of namespaces are no addresses.
        #expect(page.components(separatedBy: "http").count == 2)
        for link in try xml.attributes("href", of: "a") {
            #expect(link.hasPrefix("#"))
            #expect(try xml.attributes("id", of: "section").contains(String(link.dropFirst())), "\(link)")
        }
    }

    @Test("whatever words are in it, they are shown as they are")
    func escaping() throws {
        let xml = try XmlText(HtmlReport.page(ReportFixture.report()))
        let shown = "<b>&\"' \u{fffd}]]>"
        let places = [
            ("p", "a note \(shown)"), ("li", "strace \(shown)"), ("h3", "one call \(shown)"),
            ("figcaption", "plot \(shown)"), ("th", "what \(shown)"), ("td", "goal \(shown)"), ("td", "found \(shown)"),
            ("h2", "syscall: one call \(shown)"), ("p", "Could not be measured: redis-server ended \(shown)"),
        ]
        for (element, text) in places {
            #expect(try xml.texts(element).contains(text), "\(element): \(text)")
        }
        #expect(try xml.attributes("aria-label", of: "svg").contains("plot \(shown)"))
    }

    @Test("figures, their ratios and how far they lie apart")
    func cells() throws {
        let cells = try XmlText(HtmlReport.page(ReportFixture.report())).texts("td")
        #expect(cells.contains("100 1.25×90.0–1200"))
        #expect(cells.contains("words") && cells.contains("not installed") && cells.contains("2.00"))
    }

    @Test("goals say in words whether they are reached")
    func goals() throws {
        let xml = try XmlText(HtmlReport.page(ReportFixture.report()))
        #expect(try xml.texts("td").filter { $0 == "✓ yes" }.count == 1)
        #expect(try xml.texts("td").filter { $0 == "✗ no" }.count == 1)
        #expect(try xml.texts("p").contains("1 of 2 reached."))
    }

    @Test("what was measured where, and how")
    func heading() throws {
        let facts = try XmlText(HtmlReport.page(ReportFixture.report())).texts("dd")
        #expect(facts.contains("1.2.3"))
        #expect(facts.contains { $0.hasPrefix("2026-11-29 06:50 UTC") })
        #expect(facts.contains("the short form, with 2 rounds of each"))
        #expect(facts.contains { $0.contains("Linux \(MachineFacts().kernel)") })
    }

    @Test("a report without anything is a page all the same")
    func empty() throws {
        var report = ReportFixture.report()
        report.scenarios = []
        let xml = try XmlText(HtmlReport.page(report))
        #expect(try xml.elements("table").isEmpty && xml.texts("p").contains("No scenario was measured."))
    }
}
