extension Graph {
    /// An image of the graph, from what it begins with at the top to the result at the bottom; legible on light and
    /// dark pages. In large graphs, parameters stand in the box of the operation that they belong to.
    public var svg: String {
        let boxes = GraphBox.boxes(of: self)
        let edges = boxes.enumerated().flatMap { number, box in
            // An operation may use one result twice: `x * x`.
            Array(Set(box.inputs)).sorted().map { (from: $0, to: number) }
        }
        let layout = LayeredLayout(sizes: boxes.map(\.size), edges: edges)
        let remarkHeight = remarks.isEmpty ? 0 : GraphBox.lineHeight * Double(remarks.count) + 8
        let remarkWidth = (remarks.map { GraphBox.width(of: $0) }.max() ?? 0) + 20
        let (width, height) = (max(layout.width, remarkWidth), layout.height + remarkHeight)
        var lines = [
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(width.svg)\" height=\"\(height.svg)\" "
                + "viewBox=\"0 0 \(width.svg) \(height.svg)\" font-family=\"ui-monospace, Menlo, Consolas, 'DejaVu Sans "
                + "Mono', monospace\" font-size=\"\(GraphBox.fontSize)\" text-anchor=\"middle\">",
            "<title>\(boxes.count) boxes, the operations that a tensor was computed by</title>",
            "<defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
                + "orient=\"auto\"><path d=\"M0 0 8 4 0 8z\" fill=\"#808080\"/></marker></defs>",
            "<g fill=\"none\" stroke=\"#808080\" stroke-width=\"1.3\">",
        ]
        lines += layout.routes.map { "<path d=\"\(Self.path(along: $0))\" marker-end=\"url(#arrow)\"/>" }
        lines.append("</g>")
        for (box, center) in zip(boxes, layout.centers) { lines += box.svg(around: center) }
        for (number, remark) in remarks.enumerated() {
            let y = layout.height + Double(number + 1) * GraphBox.lineHeight
            lines.append(
                "<text x=\"10\" y=\"\(y.svg)\" text-anchor=\"start\" fill=\"#808080\">\(remark.escapedForXML)</text>")
        }
        return (lines + ["</svg>", ""]).joined(separator: "\n")
    }

    /// Curves between rows and straight lines through them.
    private static func path(along points: [LayeredLayout.Point]) -> String {
        var text = "M\(points[0].x.svg) \(points[0].y.svg)"
        for index in stride(from: 1, to: points.count, by: 2) {
            let (from, to) = (points[index - 1], points[index])
            let middle = (from.y + to.y) / 2
            text += "C\(from.x.svg) \(middle.svg) \(to.x.svg) \(middle.svg) \(to.x.svg) \(to.y.svg)"
            if index + 1 < points.count { text += "V\(points[index + 1].y.svg)" }
        }
        return text
    }
}

extension GraphBox {
    fileprivate static let fontSize = 12
    fileprivate static let lineHeight = 16.0

    /// How wide a text is: fonts of one width are about 0.6 of their size.
    fileprivate static func width(of text: String) -> Double { 0.61 * Double(fontSize) * Double(text.count) }

    fileprivate var size: LayeredLayout.Size {
        let widest = ([title] + lines).map(Self.width).max() ?? 0
        return LayeredLayout.Size(width: widest + 18, height: Self.lineHeight * Double(1 + lines.count) + 10)
    }

    fileprivate func svg(around center: LayeredLayout.Point) -> [String] {
        let (x, y) = (center.x - size.width / 2, center.y - size.height / 2)
        var result = [
            "<rect x=\"\(x.svg)\" y=\"\(y.svg)\" width=\"\(size.width.svg)\" height=\"\(size.height.svg)\" rx=\"6\" "
                + "fill=\"\(kind.fill)\" stroke=\"\(kind.stroke)\"/>"
        ]
        for (number, line) in ([title] + lines).enumerated() {
            let baseline = y + 17 + Double(number) * Self.lineHeight
            let style = number == 0 ? "font-weight=\"bold\" fill=\"#111111\"" : "fill=\"#333333\""
            result.append(
                "<text x=\"\(center.x.svg)\" y=\"\(baseline.svg)\" \(style)>\(line.escapedForXML)</text>")
        }
        return result
    }
}

extension Double {
    /// With one digit after the point.
    fileprivate var svg: String { formatted(1) }
}

extension String {
    fileprivate var escapedForXML: String {
        replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }
}
