/// Places boxes in rows so that every arrow points down, few cross, and most are nearly straight (Sugiyama, Tagawa and
/// Toda, "Methods for Visual Understanding of Hierarchical System Structures", 1981).
///
/// Rows are told by the longest way to the end; an arrow past a row gets a place of its own in it; rows are ordered by
/// the mean position of their neighbors; the places in a row are as near to their neighbors as their order allows.
struct LayeredLayout {
    struct Size {
        let width, height: Double
    }

    struct Point: Equatable {
        var x, y: Double
    }

    /// The middle of each box.
    private(set) var centers: [Point] = []
    /// For each edge, the points that it passes: in pairs, where it enters a row and where it leaves it.
    private(set) var routes: [[Point]] = []
    private(set) var width = 0.0
    private(set) var height = 0.0

    private static let (columnGap, rowGap, margin) = (22.0, 34.0, 16.0)
    private static let sweeps = 12

    /// A box, or the place of an arrow in a row that it passes.
    private struct Place {
        let row: Int
        let size: Size
        var above: [Int] = []
        var below: [Int] = []
        var x = 0.0
        /// How much it matters that neighbors stand below each other.
        var weight: Double
    }

    private var places: [Place] = []
    private var rows: [[Int]] = []

    /// - Parameter edges: pairs of positions among the boxes; each leads from an earlier to a later one.
    init(sizes: [Size], edges: [(from: Int, to: Int)]) {
        guard !sizes.isEmpty else { return }
        makePlaces(sizes, edges)
        let chains = edges.map { chain(from: $0.from, to: $0.to) }
        fillRows()
        orderRows()
        placeColumns()
        finish(sizes.count, chains)
    }

    // MARK: Rows

    private mutating func makePlaces(_ sizes: [Size], _ edges: [(from: Int, to: Int)]) {
        var distances = [Int](repeating: 0, count: sizes.count)
        var outgoing = [[Int]](repeating: [], count: sizes.count)
        for edge in edges { outgoing[edge.from].append(edge.to) }
        for box in sizes.indices.reversed() {
            distances[box] = outgoing[box].map { distances[$0] + 1 }.max() ?? 0
        }
        let last = distances.max() ?? 0
        places = sizes.indices.map { Place(row: last - distances[$0], size: sizes[$0], weight: 1) }
        rows = [[Int]](repeating: [], count: last + 1)
    }

    /// Links two boxes through places in the rows between; returns all that the arrow passes.
    private mutating func chain(from start: Int, to end: Int) -> [Int] {
        var chain = [start]
        for row in places[start].row + 1..<places[end].row {
            chain.append(places.count)
            places.append(Place(row: row, size: Size(width: 8, height: 0), weight: 4))
        }
        chain.append(end)
        for (upper, lower) in zip(chain, chain.dropFirst()) {
            places[upper].below.append(lower)
            places[lower].above.append(upper)
        }
        return chain
    }

    /// The first order: as a walk from the last row upward meets them.
    private mutating func fillRows() {
        var seen = [Bool](repeating: false, count: places.count)
        var stack = places.indices.filter { places[$0].below.isEmpty }
        while let place = stack.popLast() {
            if seen[place] { continue }
            seen[place] = true
            rows[places[place].row].append(place)
            stack += places[place].above.reversed()
        }
    }

    // MARK: The order in rows

    private mutating func orderRows() {
        var best = rows
        var fewest = crossings
        for sweep in 0..<Self.sweeps where fewest > 0 {
            let downward = sweep % 2 == 0
            for row in downward ? Array(rows.indices.dropFirst()) : Array(rows.indices.dropLast().reversed()) {
                order(row, by: downward ? \.above : \.below)
            }
            let count = crossings
            if count < fewest { (best, fewest) = (rows, count) }
        }
        rows = best
    }

    /// Orders a row by the mean position of each place's neighbors in the row before.
    private mutating func order(_ row: Int, by neighbors: KeyPath<Place, [Int]>) {
        let positions = self.positions
        let keys = rows[row].enumerated().map { index, place -> (key: Double, index: Int, place: Int) in
            let found = places[place][keyPath: neighbors].map { Double(positions[$0]) }
            return (found.isEmpty ? Double(index) : found.reduce(0, +) / Double(found.count), index, place)
        }
        rows[row] = keys.sorted { ($0.key, $0.index) < ($1.key, $1.index) }.map(\.place)
    }

    /// The position of each place in its row.
    private var positions: [Int] {
        var positions = [Int](repeating: 0, count: places.count)
        for row in rows { for (index, place) in row.enumerated() { positions[place] = index } }
        return positions
    }

    /// How many pairs of arrows cross.
    private var crossings: Int {
        let positions = self.positions
        return rows.reduce(0) { sum, row in
            let ends = row.flatMap { places[$0].below.map { positions[$0] }.sorted() }
            return sum + Self.inversions(ends)
        }
    }

    /// How many pairs stand in the wrong order, by counting while sorting by insertion.
    private static func inversions(_ numbers: [Int]) -> Int {
        var (sorted, count): ([Int], Int) = ([], 0)
        for number in numbers {
            var (low, high) = (0, sorted.count)
            while low < high {
                let middle = (low + high) / 2
                if sorted[middle] <= number { low = middle + 1 } else { high = middle }
            }
            count += sorted.count - low
            sorted.insert(number, at: low)
        }
        return count
    }

    // MARK: The places in a row

    private mutating func placeColumns() {
        for row in rows.indices { arrange(row) { _ in nil } }
        for sweep in 0..<2 * Self.sweeps {
            let downward = sweep % 2 == 1
            for row in downward ? Array(rows.indices) : Array(rows.indices.reversed()) {
                arrange(row) { place in
                    let neighbors = downward ? place.above : place.below
                    return neighbors.isEmpty ? nil : neighbors
                }
            }
        }
    }

    /// Puts the places of a row as near to the mean of their neighbors as their order and widths allow: a regression
    /// under the condition that positions grow, solved by pooling neighbors that violate it (Ayer et al., 1955).
    private mutating func arrange(_ row: Int, neighbors: (Place) -> [Int]?) {
        struct Pool {
            var sum, weight: Double
            var count: Int
            var mean: Double { sum / weight }
        }
        var pools: [Pool] = []
        var offsets: [Double] = []
        var offset = 0.0
        for (index, number) in rows[row].enumerated() {
            let place = places[number]
            if index > 0 { offset += (places[rows[row][index - 1]].size.width + place.size.width) / 2 + Self.columnGap }
            offsets.append(offset)
            let found = neighbors(place)
            let wanted = found.map { $0.reduce(0) { $0 + places[$1].x } / Double($0.count) } ?? place.x
            let weight = found == nil ? 0.01 : place.weight
            pools.append(Pool(sum: (wanted - offset) * weight, weight: weight, count: 1))
            while pools.count > 1, pools[pools.count - 2].mean > pools[pools.count - 1].mean {
                let last = pools.removeLast()
                pools[pools.count - 1].sum += last.sum
                pools[pools.count - 1].weight += last.weight
                pools[pools.count - 1].count += last.count
            }
        }
        let positions = pools.flatMap { pool in [Double](repeating: pool.mean, count: pool.count) }
        for (index, number) in rows[row].enumerated() { places[number].x = positions[index] + offsets[index] }
    }

    // MARK: The result

    private mutating func finish(_ boxCount: Int, _ chains: [[Int]]) {
        let left = places.map { $0.x - $0.size.width / 2 }.min() ?? 0
        for place in places.indices { places[place].x += Self.margin - left }
        width = (places.map { $0.x + $0.size.width / 2 }.max() ?? 0) + Self.margin
        var tops: [Double] = []
        var heights: [Double] = []
        var y = Self.margin
        for row in rows {
            tops.append(y)
            heights.append(row.map { places[$0].size.height }.max() ?? 0)
            y += heights[heights.count - 1] + Self.rowGap
        }
        height = y - Self.rowGap + Self.margin
        centers = (0..<boxCount).map { box in
            let row = places[box].row
            return Point(x: places[box].x, y: tops[row] + heights[row] / 2)
        }
        routes = chains.map { chain in
            chain.enumerated().flatMap { index, place -> [Point] in
                let (x, row) = (places[place].x, places[place].row)
                if index == 0 { return [Point(x: x, y: centers[place].y + places[place].size.height / 2)] }
                if index == chain.count - 1 {
                    return [Point(x: x, y: centers[place].y - places[place].size.height / 2)]
                }
                return [Point(x: x, y: tops[row]), Point(x: x, y: tops[row] + heights[row])]
            }
        }
    }
}
