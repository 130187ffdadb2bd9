import Switchback

/// The whole numbers that enter a model's layers in a step, such as the words of a text: what targets are compared with.
struct EnteredNumbers {
    private var sequences: [Tensor] = []

    /// So many are looked at: an encoder's, a decoder's, and what numbers their places.
    private static let most = 6

    mutating func add(_ input: Tensor) {
        guard input.dtype.isInteger, input.rank >= 2, input.count > 1, sequences.count < Self.most,
            !sequences.contains(where: { $0 === input })
        else { return }
        sequences.append(input)
    }

    /// Whether one of them has so many places.
    func haveLength(_ length: Int) -> Bool { sequences.contains { $0.size(-1) == length } }

    /// By how many places targets are ahead of the numbers that entered: 1 where each is the one that follows, 0 where it
    /// is the one at its own place; `nil` where they are neither.
    func lead(of target: Tensor) -> Int? {
        guard target.dtype.isInteger else { return nil }
        let leads = sequences.compactMap { $0.count == target.count ? Self.lead(of: target, over: $0) : nil }
        return leads.contains(1) ? 1 : leads.min()
    }

    /// How many rows are compared, and how many pairs of numbers have to be the same.
    private static let (rows, least) = (16, 16)

    private static func lead(of target: Tensor, over sequence: Tensor) -> Int? {
        let width = sequence.size(-1)
        func numbers(_ tensor: Tensor) -> [Int64] {
            tensor.detach().reshape([tensor.count / width, width]).narrow(
                dim: 0, start: 0, length: min(rows, tensor.count / width)
            ).to(.int64).toArray(as: Int64.self)
        }
        let (entered, wanted) = (numbers(sequence), numbers(target))
        return [1, 0, 2, 3, 4].first { lead in
            // Targets below 0 are ignored by losses.
            let places = wanted.indices.filter { $0 % width + lead < width && wanted[$0] >= 0 }
            return places.count >= least && places.allSatisfy { wanted[$0] == entered[$0 + lead] }
        }
    }
}
