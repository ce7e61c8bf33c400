/// The report as one page that needs no network.
public enum HtmlReport {
    public static func page(_ report: BenchReport) -> String { "" }
}
