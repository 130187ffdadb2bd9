import Switchback

/// A block of memory as a row-major array whose dimensions, the atoms, are fine enough to express a view of it.
struct MemoryAtoms {
    /// From the outermost to the innermost; the innermost is 1.
    private var strides: [Int]
    private let count: Int

    /// What a view takes of each atom.
    struct Box: Hashable {
        var ranges: [TraceRange]
    }

    init(count: Int, strides: [Int]) {
        self.count = count
        self.strides = Array(Set(strides.filter { $0 < count } + [1])).sorted(by: >)
    }

    /// The sizes of the atoms.
    var shape: Shape { Shape(strides.indices.map { size($0) }) }

    private func size(_ atom: Int) -> Int { (atom == 0 ? count : strides[atom - 1]) / strides[atom] }

    /// Cuts atoms at the strides of a view, where they divide; a stride that does not is a step within an atom.
    mutating func split(at viewStrides: Shape) {
        for stride in viewStrides where !strides.contains(stride) {
            guard let atom = strides.firstIndex(where: { $0 < stride }) else { continue }
            let outer = atom == 0 ? count : strides[atom - 1]
            if stride % strides[atom] == 0 && outer % stride == 0 { strides.insert(stride, at: atom) }
        }
    }

    /// As `split`, for pieces that are written: all strides have to fit.
    mutating func refine(by viewStrides: Shape, sizes: Shape) -> Bool {
        split(at: viewStrides)
        return viewStrides.allSatisfy { strides.contains($0) } && strides.count <= Shape.maximumRank
    }

    /// What a view, whose dimensions go from the outermost in memory to the innermost, takes of each atom; `nil` if it
    /// cannot be expressed.
    func box(offset: Int, sizes: Shape, strides viewStrides: Shape) -> Box? {
        guard strides.count <= Shape.maximumRank else { return nil }
        var ranges: [TraceRange] = []
        var rest = offset
        for atom in strides.indices {
            ranges.append(TraceRange(start: rest / strides[atom], length: 1))
            rest %= strides[atom]
        }
        var outermostFree = strides.count
        for (viewSize, stride) in zip(sizes, viewStrides).reversed() {
            guard let inner = strides.firstIndex(where: { stride % $0 == 0 && $0 <= stride }), inner < outermostFree,
                let outer = take(viewSize, step: stride / strides[inner], inner, &ranges)
            else { return nil }
            outermostFree = outer
        }
        let fits = ranges.indices.allSatisfy { ranges[$0].start + (ranges[$0].length - 1) * ranges[$0].step < size($0) }
        return fits ? Box(ranges: ranges) : nil
    }

    /// Takes `length` positions, beginning with an atom and continuing to outer ones where that is used up; returns the
    /// outermost atom touched.
    private func take(_ length: Int, step: Int, _ inner: Int, _ ranges: inout [TraceRange]) -> Int? {
        var (atom, rest) = (inner, length)
        while rest > size(atom) {
            // The whole atom belongs to the dimension, and it continues in the next one out.
            guard atom > 0, step == 1, ranges[atom].start == 0, rest % size(atom) == 0 else { return nil }
            ranges[atom].length = size(atom)
            rest /= size(atom)
            atom -= 1
        }
        ranges[atom].length = rest
        ranges[atom].step = atom == inner ? step : 1
        return atom
    }
}
