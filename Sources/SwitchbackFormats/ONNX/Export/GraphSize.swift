/// A size of a graph that may depend on sizes left open: a sum of whole multiples of products of those, each in its unit.
struct GraphSize: Hashable {
    /// The multiple of each product. Bit i of a product's number says whether open size i is a factor, so that 0 is the
    /// number of the part that is fixed. Multiples of 0 are left out.
    let multiples: [Int: Int]

    init(_ fixed: Int) { self.init(multiples: [0: fixed]) }

    private init(multiples: [Int: Int]) { self.multiples = multiples.filter { $0.value != 0 } }

    /// What takes these values; `nil` if no such sum does.
    ///
    /// - Parameter values: at the number whose bit i says whether open size i has the second of its samples.
    init?(_ values: [Int]) {
        var values = values
        let (low, high) = FreeDimension.samples
        var bit = 1
        while bit < values.count {
            for number in values.indices where number & bit == 0 {
                let (growth, rest) = (values[number | bit] - values[number]).quotientAndRemainder(
                    dividingBy: high - low)
                guard rest == 0 else { return nil }
                values[number] -= growth * low
                values[number | bit] = growth
            }
            bit *= 2
        }
        self.init(multiples: Dictionary(uniqueKeysWithValues: values.enumerated().map { ($0, $1) }))
    }

    /// The part that depends on nothing.
    var fixed: Int { multiples[0] ?? 0 }
    var isFixed: Bool { multiples.keys.allSatisfy { $0 == 0 } }

    static func + (a: GraphSize, b: GraphSize) -> GraphSize {
        GraphSize(multiples: a.multiples.merging(b.multiples, uniquingKeysWith: +))
    }

    /// How many times as large as `other` it is, if that is a whole number whatever the open sizes are.
    func multiple(of other: GraphSize) -> Int? {
        guard let (number, part) = other.multiples.first, let own = multiples[number] else { return nil }
        let factor = own / part
        return other.multiples.mapValues { $0 * factor } == multiples ? factor : nil
    }

    /// How programs show it: `batch`, `21 * height * width / 1024`.
    func text(_ free: [FreeDimension]) -> String {
        let terms = multiples.sorted { $0.key < $1.key }.filter { $0.key != 0 }.map { number, multiple in
            let factors = free.indices.filter { number >> $0 & 1 == 1 }.map { free[$0] }
            let unit = factors.reduce(1) { $0 * $1.unit }
            let common = Self.greatestDivisor(multiple, unit)
            let (above, below) = (multiple / common, unit / common)
            let parts = (above == 1 ? [] : ["\(above)"]) + factors.map(\.name)
            return parts.joined(separator: " * ") + (below == 1 ? "" : " / \(below)")
        }
        return (terms + (fixed == 0 ? [] : ["\(fixed)"])).joined(separator: " + ")
    }

    private static func greatestDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? abs(a) : greatestDivisor(b, a % b) }
}
