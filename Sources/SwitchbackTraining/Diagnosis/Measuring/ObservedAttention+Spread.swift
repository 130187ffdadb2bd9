import Foundation
import Switchback

extension ObservedAttention {
    /// How evenly the first example's queries spread their attention, from 0 (each on one key) to 1 (on all keys that
    /// it sees alike): the entropy of the weights over that of even ones. `nil` where there is nothing to choose from.
    var spread: Double? {
        guard query.rank >= 3, query.size(-2) > 1, key.size(-2) > 1, query.size(-2) * key.size(-2) <= 1 << 18 else {
            return nil
        }
        let (q, k) = (query.detach().firstExample, key.detach().firstExample)
        guard q.size(0) == k.size(0) else { return nil }
        var scores = (q * scale).matmul(k.transpose(-2, -1)).to(.float32)
        if isCausal {
            let seen = Tensor.ones([q.size(-2), k.size(-2)]).tril()
            scores = scores.maskedFill(seen.eq(0), -Double.infinity)
        }
        if let mask = mask?.detach(), mask.rank <= 2 || mask.size(0) == 1 {
            scores = mask.dtype == .bool ? scores.maskedFill(mask.logicalNot(), -Double.infinity) : scores + mask
        }
        let visible = scores.gt(-1e30).to(.float32).sum(dim: -1)
        let logarithms = scores.logSoftmax(dim: -1).clamp(min: -1e4)
        let entropies = -(logarithms.exp() * logarithms).sum(dim: -1)
        let hasChoice = visible.gt(1).to(.float32)
        let count = hasChoice.sum().item()
        guard count > 0 else { return nil }
        return (entropies / visible.clamp(min: 2).log() * hasChoice).sum().item() / count
    }
}

extension ObservedAttention {
    /// Whether the first place sees the last; `nil` where queries and keys are not as many.
    var showsLaterPlaces: Bool? {
        let length = query.size(-2)
        guard length > 1, key.size(-2) == length else { return nil }
        if isCausal { return false }
        guard let mask = mask?.detach(), mask.rank >= 2, mask.size(-2) == length, mask.size(-1) == length else {
            return true
        }
        let last = mask.firstRow.select(dim: 0, index: length - 1)
        return mask.dtype == .bool ? last.item(as: Bool.self) : last.to(.float32).item() > -1e4
    }
}

extension Tensor {
    /// Of weights of attention that is written out, [N, …, places, places], whether the first place sees the last.
    var showsLaterPlaces: Bool? {
        guard size(-1) > 1, size(-1) == size(-2) else { return nil }
        return detach().firstRow.select(dim: 0, index: size(-1) - 1).to(.float32).item() > 0
    }

    /// Whether what was to be weights along the last dimension sums to 1 over the examples, the first one.
    var isSpreadOverExamples: Bool { size(0) > 1 && (to(.float32).sum(dim: 0) - 1).abs().max().item() < 1e-3 }

    /// The first row of the first matrix.
    fileprivate var firstRow: Tensor {
        var some = self
        while some.rank > 1 { some = some.select(dim: 0, index: 0) }
        return some
    }

    /// How evenly weights along the last dimension are spread, from 0 to 1; `nil` of what does not sum to 1 there.
    var spread: Double? {
        guard rank >= 3, let places = shape.last, places > 1 else { return nil }
        var some = self
        while some.rank > 2 { some = some.select(dim: 0, index: 0) }
        some = some.to(.float32)
        guard (some.sum(dim: 1) - 1).abs().max().item() < 1e-3 else { return nil }
        let entropy = -(some * some.clamp(min: 1e-30).log()).sum().item() / Double(some.size(0))
        return entropy / Foundation.log(Double(places))
    }

    /// The first of all leading dimensions but the heads: [H, T, D].
    fileprivate var firstExample: Tensor {
        var result = self
        while result.rank > 3 { result = result.select(dim: 0, index: 0) }
        return result
    }
}
