extension Graph {
    /// The graph in the language of Graphviz: `dot -Tpdf`.
    public var dot: String {
        var lines = [
            "digraph {",
            "  node [shape=box, style=\"rounded,filled\", fontname=monospace, fontsize=10]",
            "  edge [color=\"#808080\"]",
        ]
        let boxes = GraphBox.boxes(of: self)
        for (number, box) in boxes.enumerated() {
            let label = ([box.title] + box.lines).map(Self.escaped).joined(separator: "\\n")
            lines.append(
                "  n\(number) [label=\"\(label)\", fillcolor=\"\(box.kind.fill)\", color=\"\(box.kind.stroke)\"]")
        }
        for (number, box) in boxes.enumerated() {
            for input in box.inputs { lines.append("  n\(input) -> n\(number)") }
        }
        if !remarks.isEmpty { lines.append("  label=\"\(Self.escaped(remarks.joined(separator: "; ")))\"") }
        return (lines + ["}", ""]).joined(separator: "\n")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
    }
}

extension GraphBox.Kind {
    /// Light enough for black text, on light and dark pages alike.
    var fill: String {
        switch self {
        case .operation: "#e6eef8"
        case .leaf: "#fdf0d2"
        case .constant: "#ececec"
        case .result: "#ddf1e0"
        case .missing: "#fbdcd8"
        }
    }

    var stroke: String {
        switch self {
        case .operation: "#5a7fb5"
        case .leaf: "#c78a1c"
        case .constant: "#8a8a8a"
        case .result: "#3c8a50"
        case .missing: "#c0392b"
        }
    }
}
