extension DiagnosisPage {
    /// Light and dark, as the reader's system is.
    static let style = """

        :root { color-scheme: light dark; --text: #1f2430; --quiet: #5a6270; --line: #c8cdd5; --grid: #e8eaee;
          --page: #ffffff; --card: #f6f7f9; --loss: #0072b2; --held: #d55e00; --bad: #c0392b; --warn: #b9770e;
          --good: #2e7d4f; }
        @media (prefers-color-scheme: dark) { :root { --text: #e6e8ec; --quiet: #a2a9b5; --line: #4a515d; --grid: #2b303a;
          --page: #16181d; --card: #1f2229; --loss: #56b4e9; --held: #e69f00; --bad: #ff7a6b; --warn: #f0b44c;
          --good: #6fcf97; } }
        body { font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--page); margin: 2rem auto;
          max-width: 76rem; padding: 0 1.2rem; }
        h1 { font-size: 1.6rem; margin: 0; }
        h2 { font-size: 1.05rem; margin: 1.6rem 0 .3rem; }
        h3 { font-size: 1rem; margin: 0; }
        .about, .legend { color: var(--quiet); margin: .2rem 0 1rem; }
        #verdicts { list-style: none; padding: 0; display: grid; gap: .6rem; }
        #verdicts li { background: var(--card); border-left: .35rem solid var(--warn); border-radius: .3rem;
          padding: .6rem .9rem; }
        #verdicts li.failure { border-color: var(--bad); }
        #verdicts li.fine { border-color: var(--good); }
        #verdicts li.note { border-color: var(--line); }
        #verdicts p { margin: .2rem 0 0; }
        #verdicts .remedy { font-weight: 600; }
        #verdicts .followed, #verdicts a { color: var(--quiet); font-size: .9rem; font-weight: 400; }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg text { fill: var(--quiet); font-size: 12px; }
        svg .name { fill: var(--text); }
        svg .frame { fill: none; stroke: var(--line); }
        svg .grid { stroke: var(--grid); }
        svg .cursor { stroke: var(--text); stroke-dasharray: 3 3; pointer-events: none; }
        svg .mark { stroke: var(--bad); stroke-width: 1.5; stroke-dasharray: 6 4; }
        svg .under { stroke: var(--page); stroke-width: 4; opacity: .7; }
        svg .marked { fill: var(--bad); paint-order: stroke; stroke: var(--page); stroke-width: 3px; }
        svg .band { stroke: var(--good); stroke-width: 3; }
        #tip { position: fixed; pointer-events: none; background: var(--page); border: 1px solid var(--line);
          border-radius: .3rem; padding: .35rem .6rem; font-size: .86rem; box-shadow: 0 2px 10px #0003; max-width: 24rem; }

        """
}
