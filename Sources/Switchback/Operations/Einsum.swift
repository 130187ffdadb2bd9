// Einstein's summation, and what is a special case of it.

extension Tensor {
    /// Sums of products of tensors, as an equation over the names of their dimensions.
    ///
    /// `Tensor.einsum("bij,bjk->bik", a, b)` multiplies matrices in batches. A letter that stands in several operands
    /// pairs their dimensions, one that is missing on the right is summed over, one that stands twice in an operand
    /// takes its diagonal; `...` stands for dimensions that broadcast. Without `->`, the letters that stand once are
    /// the result, in alphabetical order.
    ///
    /// Whole numbers keep their type in products, and become int64 where a dimension of one operand is summed over, as
    /// in PyTorch.
    public static func einsum(_ equation: String, _ operands: Tensor...) -> Tensor { einsum(equation, operands) }

    public static func einsum(_ equation: String, _ operands: [Tensor]) -> Tensor {
        let parsed = Equation(equation, operands)
        var terms = zip(operands, parsed.inputs).map { Term($0, $1).withoutRepeats() }
        // From left to right, summing over a name as soon as no later operand and not the result has it.
        var result = terms.removeFirst()
        while true {
            let later = Set(terms.flatMap(\.names)).union(parsed.output)
            if terms.isEmpty { return result.summed(keeping: later).arranged(parsed.output) }
            let next = terms.removeFirst()
            result = result.contracted(with: next, keeping: Set(terms.flatMap(\.names)).union(parsed.output))
        }
    }

    /// The product of two tensors summed over pairs of dimensions: the last `dims` of this one and the first of the
    /// other.
    public final func tensordot(_ other: Tensor, dims: Int = 2) -> Tensor {
        require(
            dims >= 0 && dims <= rank && dims <= other.rank, "tensordot",
            "\(shape) and \(other.shape) have no \(dims) dimensions to sum over")
        return tensordot(other, dims: (Array(rank - dims..<rank), Array(0..<dims)))
    }

    /// The product of two tensors summed over pairs of dimensions: the first list names this tensor's, the second the
    /// other's. A dimension of size 1 counts as often as its partner is large.
    public final func tensordot(_ other: Tensor, dims: ([Int], [Int])) -> Tensor {
        let left = dims.0.map { dimension($0, "tensordot") }
        let right = dims.1.map { other.dimension($0, "tensordot") }
        require(
            left.count == right.count
                && zip(left, right).allSatisfy {
                    shape[$0] == other.shape[$1] || shape[$0] == 1 || other.shape[$1] == 1
                },
            "tensordot", "dimensions \(dims.0) of \(shape) do not match dimensions \(dims.1) of \(other.shape)")
        if let pair = zip(left, right).first(where: { shape[$0] != other.shape[$1] }) {
            return shape[pair.0] == 1
                ? tensordot(other.sum(dim: pair.1, keepDim: true).to(other.dtype), dims: (left, right))
                : sum(dim: pair.0, keepDim: true).to(dtype).tensordot(other, dims: (left, right))
        }
        let kept = (0..<rank).filter { !left.contains($0) }
        let otherKept = (0..<other.rank).filter { !right.contains($0) }
        let inner = left.reduce(1) { $0 * shape[$1] }
        let rows = kept.reduce(1) { $0 * shape[$1] }
        let columns = otherKept.reduce(1) { $0 * other.shape[$1] }
        let a = permute(Shape(kept + left)).reshape([rows, inner])
        let b = other.permute(Shape(right + otherKept)).reshape([inner, columns])
        return a.matmul(b).reshape(Shape(kept.map { shape[$0] } + otherKept.map { other.shape[$0] }))
    }

    /// The Kronecker product: each element replaced by itself times the other tensor.
    public final func kron(_ other: Tensor) -> Tensor {
        let rank = Swift.max(self.rank, other.rank)
        let a = reshape(Shape([Int](repeating: 1, count: rank - self.rank) + Array(shape)))
        let b = other.reshape(Shape([Int](repeating: 1, count: rank - other.rank) + Array(other.shape)))
        let outer = (0..<rank).reduce(a) { $0.unsqueeze(2 * $1 + 1) }
        let inner = (0..<rank).reduce(b) { $0.unsqueeze(2 * $1) }
        return (outer * inner).reshape(Shape((0..<rank).map { a.shape[$0] * b.shape[$0] }))
    }
}

/// An equation such as `bij,bjk->bik`, read for given operands: the names of their dimensions and of the result's.
private struct Equation {
    var inputs: [[Character]] = []
    var output: [Character] = []
    private let text: String

    init(_ text: String, _ operands: [Tensor]) {
        self.text = text
        let sides = Self.parts(text.filter { $0 != " " }, at: "->")
        let terms = sides[0].split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        require(
            sides.count <= 2 && terms.count == operands.count, "einsum",
            "\"\(text)\" names \(terms.count) operands, and there are \(operands.count)")
        let ranks = zip(terms, operands).map { term, operand in operand.rank - term.count { $0.isLetter } }
        let widest = zip(terms, ranks).map { $0.contains("...") ? $1 : 0 }.max() ?? 0
        for (i, (term, rank)) in zip(terms, ranks).enumerated() {
            require(
                term.contains("...") ? rank >= 0 : rank == 0, "einsum",
                "\"\(term)\" does not name the dimensions of an operand of shape \(operands[i].shape)")
            inputs.append(names(term, Array(Self.broadcastNames[..<widest].suffix(Swift.max(rank, 0)))))
        }
        let broadcast = Array(Self.broadcastNames[..<widest])
        output = sides.count == 2 ? names(sides[1], broadcast) : broadcast + lettersThatStandOnce
        check(operands)
    }

    /// What the dimensions of an ellipsis are called.
    private static let broadcastNames: [Character] = Array("01234567")

    private static func parts(_ text: String, at separator: String) -> [String] {
        guard let range = text.firstRange(of: separator) else { return [text] }
        return [String(text[..<range.lowerBound])] + parts(String(text[range.upperBound...]), at: separator)
    }

    /// The names in one term, with those of the broadcast dimensions instead of its ellipsis.
    private func names(_ term: String, _ broadcast: [Character]) -> [Character] {
        let parts = Self.parts(term, at: "...")
        require(
            parts.count <= 2 && parts.allSatisfy { $0.allSatisfy { $0.isLetter && $0.isASCII } }, "einsum",
            "\"\(term)\" in \"\(text)\" consists of letters and at most one \"...\"")
        return Array(parts[0]) + (parts.count == 2 ? broadcast + Array(parts[1]) : [])
    }

    private var lettersThatStandOnce: [Character] {
        let letters = inputs.joined().filter(\.isLetter)
        return letters.filter { letter in letters.count { $0 == letter } == 1 }.sorted()
    }

    /// Stops unless every name has one size, and the result's names are known.
    private func check(_ operands: [Tensor]) {
        var sizes: [Character: Int] = [:]
        for (names, operand) in zip(inputs, operands) {
            for (name, size) in zip(names, operand.shape) {
                let known = sizes[name] ?? 1
                require(
                    known == size || known == 1 || size == 1, "einsum",
                    "\(name) in \"\(text)\" stands for sizes \(known) and \(size)")
                sizes[name] = known == 1 ? size : known
            }
        }
        require(
            Set(output).count == output.count && output.allSatisfy { sizes[$0] != nil }, "einsum",
            "the result of \"\(text)\" names a dimension twice, or one that no operand has")
    }
}

/// A tensor whose dimensions have names.
private struct Term {
    var tensor: Tensor
    /// One for each dimension. Those of an ellipsis are digits.
    var names: [Character]

    init(_ tensor: Tensor, _ names: [Character]) {
        self.tensor = tensor
        self.names = names
    }

    func size(_ name: Character) -> Int? { names.firstIndex(of: name).map { tensor.shape[$0] } }

    /// With the diagonal instead of dimensions of one name.
    func withoutRepeats() -> Term {
        var result = self
        while let second = result.names.indices.first(where: { result.names[..<$0].contains(result.names[$0]) }) {
            let name = result.names[second]
            let first = result.names.firstIndex(of: name)!
            result.tensor = result.tensor.diagonal(dim1: first, dim2: second)
            result.names.remove(at: second)
            result.names.remove(at: first)
            result.names.append(name)
        }
        return result
    }

    /// Without the dimensions of size 1 that are not to be kept, which need no sum and so leave whole numbers their type.
    private func withoutOnes(keeping kept: Set<Character>) -> Term {
        let ones = names.indices.filter { tensor.shape[$0] == 1 && !kept.contains(names[$0]) }
        return ones.isEmpty ? self : Term(tensor.squeeze(ones), names.filter { kept.contains($0) || size($0) != 1 })
    }

    /// Summed over the dimensions that are not to be kept. Sums of whole numbers are int64.
    func summed(keeping kept: Set<Character>) -> Term {
        let summed = names.indices.filter { !kept.contains(names[$0]) }
        return summed.isEmpty ? self : Term(tensor.sum(dims: summed), names.filter(kept.contains))
    }

    /// The dimensions in the order of `order`, which names all of them and perhaps more, of size 1.
    func arranged(_ order: [Character]) -> Tensor {
        let present = order.filter(names.contains)
        let permuted = tensor.permute(Shape(present.map { names.firstIndex(of: $0)! }))
        return permuted.reshape(Shape(order.map { size($0) ?? 1 }))
    }

    /// The product with another term, summed over what is not to be kept: a batched product of matrices.
    func contracted(with other: Term, keeping kept: Set<Character>) -> Term {
        // What only one of them has, or has with a size other than 1, is summed before the product.
        let inner = names.filter { !kept.contains($0) && size($0) != 1 && (other.size($0) ?? 1) != 1 }
        let a = withoutOnes(keeping: kept).summed(keeping: kept.union(inner))
        let b = other.withoutOnes(keeping: kept).summed(keeping: kept.union(inner))
        let shared = a.names.filter(b.names.contains)
        let batch = shared.filter(kept.contains)
        let left = a.names.filter { !shared.contains($0) }
        let right = b.names.filter { !shared.contains($0) }
        let x = a.matrices(batch, left, inner)
        let y = b.matrices(batch, inner, right)
        let sizes = batch.map { a.size($0) == 1 ? b.size($0)! : a.size($0)! }
        let form = sizes + left.map { a.size($0)! } + right.map { b.size($0)! }
        let product = inner.isEmpty ? x * y : Self.sumOfProducts(x, y)
        return Term(product.reshape(Shape(form)), batch + left + right)
    }

    /// The product of matrices. Whole numbers meet in one type, since sums that were taken before are int64.
    private static func sumOfProducts(_ x: Tensor, _ y: Tensor) -> Tensor {
        if x.dtype.isFloatingPoint || y.dtype.isFloatingPoint { return x.matmul(y) }
        return Tensor.promoted(x, y) { $0.matmul($1) }
    }

    /// The dimensions in groups: each of the batch by itself, rows merged, columns merged.
    private func matrices(_ batch: [Character], _ rows: [Character], _ columns: [Character]) -> Tensor {
        let count = { (group: [Character]) in group.reduce(1) { $0 * size($1)! } }
        return arranged(batch + rows + columns)
            .reshape(Shape(batch.map { size($0)! } + [count(rows), count(columns)]))
    }
}
