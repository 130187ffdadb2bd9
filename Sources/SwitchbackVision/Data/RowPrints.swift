import Switchback

/// Finds rows of tables that are the same up to a thousandth of their columns' deviations.
struct RowPrints {
    /// What a column's numbers are multiplied by, so that a difference of 1 is the largest that counts as none.
    private let scales: [Double]
    /// Two directions in which rows are projected: what is the same lies close together in both.
    private let directions: [[Double]]

    private static let steps = 1000.0
    /// The width of the cells of projections: several times what same rows are apart by.
    private static let cell = 8.0

    /// - Parameter rows: [N, columns], from which the deviations are taken.
    init(_ rows: Tensor) {
        let deviations = noGrad { rows.to(.float64).std(dim: 0, correction: 0) }.toArray(as: Double.self)
        let columns = deviations.count
        scales = deviations.map { $0 > 0 && $0.isFinite ? Self.steps / $0 : Self.steps }
        let width = Double(max(1, columns)).squareRoot()
        directions = ([1, 2] as [UInt64]).map { seed in
            let draws = Tensor.randn([columns], dtype: .float64, generator: Generator(seed: seed))
            return draws.toArray(as: Double.self).map { $0 / width }
        }
    }

    private struct Cell: Hashable {
        let x, y: Int

        var neighborhood: [Cell] { (-1...1).flatMap { i in (-1...1).map { Cell(x: x + i, y: y + $0) } } }
    }

    private func cell(of row: [Double]) -> Cell {
        let places = directions.map { direction in
            var sum = 0.0
            for column in row.indices { sum += row[column] * scales[column] * direction[column] }
            return Int(min(max(sum / Self.cell, -1e15), 1e15).rounded(.down))
        }
        return Cell(x: places[0], y: places[1])
    }

    private func areAlike(_ a: [Double], _ b: [Double]) -> Bool {
        a.indices.allSatisfy { abs(a[$0] - b[$0]) * scales[$0] <= 1 }
    }

    /// Pairs of a row of the first table and one of the second that is the same, by their positions.
    func pairs(_ first: [[Double]], _ second: [[Double]]) -> [(Int, Int)] {
        var known: [Cell: [Int]] = [:]
        for (position, row) in second.enumerated() { known[cell(of: row), default: []].append(position) }
        return first.enumerated().compactMap { position, row in
            let near = cell(of: row).neighborhood.lazy.flatMap { known[$0] ?? [] }
            return near.first { areAlike(second[$0], row) }.map { (position, $0) }
        }
    }

    /// Pairs of a row and an earlier one of another class that is the same, by their positions.
    func conflicts(_ rows: [[Double]], _ classes: [Int]) -> [(Int, Int)] {
        var known: [Cell: [Int]] = [:]
        return rows.enumerated().compactMap { position, row in
            let cell = cell(of: row)
            defer { known[cell, default: []].append(position) }
            let near = cell.neighborhood.lazy.flatMap { known[$0] ?? [] }
            return near.first { classes[$0] != classes[position] && areAlike(rows[$0], row) }.map { ($0, position) }
        }
    }
}
