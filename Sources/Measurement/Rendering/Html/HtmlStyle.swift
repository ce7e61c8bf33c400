/// How the page looks: light or dark as the reader has it, on a telephone, and on paper.
enum HtmlStyle {
    static let sheet = """

        :root{--ink:#1c1c1c;--soft:#5c5c5c;--paper:#fff;--rule:#d4d4d4;--shade:#f3f4f6;--good:#006b3c;--bad:#a8290f;
          --link:#0b57a4}
        @media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--soft:#a6a6a6;--paper:#16181b;--rule:#3c4046;
          --shade:#23262b;--good:#5fd39a;--bad:#ff8f73;--link:#86bfff}}
        *{box-sizing:border-box}
        body{margin:0;background:var(--paper);color:var(--ink);
          font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
        main{max-width:70rem;margin:0 auto;padding:1rem 1.25rem 4rem}
        h1{font-size:1.7rem;margin:.5rem 0}
        h2{font-size:1.25rem;margin:3rem 0 .75rem;padding-top:.75rem;border-top:2px solid var(--rule);line-height:1.3}
        p,nav ul{max-width:48rem}
        a{color:var(--link)}
        code{font-family:ui-monospace,"DejaVu Sans Mono",monospace;font-size:.95em}
        .facts{margin:1rem 0;display:grid;gap:.15rem}
        .facts div{display:grid;grid-template-columns:8rem 1fr;gap:.75rem}
        .facts dt{color:var(--soft)}
        .facts dd{margin:0;overflow-wrap:anywhere}
        .failure,.missed{color:var(--bad);font-weight:600}
        .failure{border-left:4px solid currentColor;padding-left:.75rem;overflow-wrap:anywhere}
        .reached{color:var(--good)}
        .took,.peers{color:var(--soft)}
        .peers{margin-bottom:0}
        .peers+ul{margin-top:0}
        .scroll{overflow-x:auto;margin:1.5rem 0}
        table{border-collapse:collapse;font-variant-numeric:tabular-nums}
        h3{font-size:1rem;font-weight:600;margin:0}
        .titled{margin:1.75rem 0}
        .titled .scroll{margin:.4rem 0 0}
        th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--rule)}
        thead th{border-bottom:2px solid var(--soft);vertical-align:bottom}
        th{font-weight:500}
        th.group{background:var(--shade);font-weight:600}
        .goals td{white-space:normal}
        .goals td:last-child{white-space:nowrap}
        .figures{font-size:.92rem}
        .figures td,.figures thead th+th{text-align:right;white-space:nowrap}
        .figures td.words{white-space:normal;min-width:6rem}
        .figures td b{font-weight:600}
        .figures td span{color:var(--soft);font-size:.85em}
        .figures small{display:block;color:var(--soft);font-size:.78em;font-weight:400}
        .figures tbody th{position:sticky;left:0;background:var(--paper);min-width:6rem}
        .plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,26rem),1fr));gap:2rem 2.5rem;
          align-items:start;margin:2rem 0}
        figure{margin:0;min-width:0;max-width:34rem}
        figcaption{font-weight:600;margin-bottom:.5rem}
        .chart{display:block;width:100%;height:auto}
        @media (max-width:40rem){main{padding:.5rem 1rem 3rem}.facts div{grid-template-columns:1fr;gap:0;
          margin-bottom:.35rem}.goals{font-size:.85rem}.goals th,.goals td{padding:.3rem .35rem}
          .figures{font-size:.85rem}}
        @page{size:A4;margin:14mm 12mm}
        @media print{body{font-size:9.5pt;line-height:1.35}main{max-width:none;padding:0}
          a{color:inherit;text-decoration:none}
          h1{font-size:17pt}h2{font-size:13pt;margin:0 0 3mm;break-after:avoid}
          p,nav ul{max-width:none;orphans:3;widows:3}
          section{margin-top:8mm}section.scenario{break-before:page;margin-top:0}
          .scroll{overflow:visible;margin:4mm 0}
          table,figure,tr,.facts,.titled{break-inside:avoid}thead{display:table-header-group}
          h3{font-size:10pt;break-after:avoid}
          .titled{margin:4mm 0}
          .figures{font-size:7.5pt}.goals{font-size:8.5pt}th,td{padding:.8mm 1.2mm}
          .figures td span{display:block}.figures tbody th{position:static}
          .plots{display:block;columns:2;column-gap:8mm;margin:4mm 0}
          figure{max-width:none;margin-bottom:6mm}.chart{max-height:225mm}}

        """
}
