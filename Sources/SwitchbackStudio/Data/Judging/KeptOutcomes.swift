import Foundation
import SwitchbackVision
import Synchronization

/// How a model does on images, in few bytes for each: kept while the image, its labels and the finding are as they were, because
/// to put 100,000 images in order again, files of labels and findings would be read again for each piece of the list.
final class KeptOutcomes: Sendable {
    /// What lists are ordered by, and totals made of.
    struct Counts: Sendable {
        let right, missed, wrong: Int32
        let uncertainty: Float

        var errors: Int { Int(missed) + Int(wrong) }

        init(_ outcome: ImageOutcome) {
            (right, missed, wrong) = (Int32(outcome.right), Int32(outcome.missed), Int32(outcome.wrong))
            uncertainty = outcome.uncertainty
        }
    }

    private struct State {
        /// That the counts are of: what a model finds with less does not count.
        var confidence: Float = -1
        /// With a hash of what they were made of.
        var known: [UInt64: (basis: Int, counts: Counts)] = [:]
    }

    private let state = Mutex(State())

    /// Forgets all: the findings are of another model.
    func clear() { state.withLock { $0 = State() } }

    /// - Parameter offset: where the finding stands in its file.
    func counts(of image: IndexedImage, _ offset: Int, confidence: Float) -> Counts? {
        state.withLock { state in
            guard state.confidence == confidence, let known = state.known[image.id] else { return nil }
            return known.basis == Self.basis(image, offset) ? known.counts : nil
        }
    }

    func keep(_ counts: Counts, of image: IndexedImage, _ offset: Int, confidence: Float) {
        // What was just written may be written again without another time.
        if image.labelStamp.isFresh(at: Date()) { return }
        state.withLock { state in
            if state.confidence != confidence { state = State(confidence: confidence) }
            state.known[image.id] = (Self.basis(image, offset), counts)
        }
    }

    private static func basis(_ image: IndexedImage, _ offset: Int) -> Int {
        var hasher = Hasher()
        hasher.combine(image.imageStamp)
        hasher.combine(image.labelStamp)
        hasher.combine(offset)
        return hasher.finalize()
    }
}
