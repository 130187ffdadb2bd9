import Switchback

// What examinations of data have in common: sentences on what is in two parts, and on classes.

extension DoctorCheck {
    /// The share of held-out examples that may be in the training data too: a few are in many public sets.
    private static let bearableLeak = 0.01

    /// What is in the training and in the held-out data.
    ///
    /// - Parameters:
    ///   - shared: the pairs, as people find them: files, lines.
    ///   - count: of the held-out examples that were compared.
    ///   - noun: what an example is called: `image`.
    ///   - likeness: how alike those are that count as the same: `, but for a word`.
    package static func leaks(
        _ shared: [(training: String, heldOut: String)], of count: Int, _ noun: String, likeness: String = ""
    ) -> DoctorCheck {
        let pairs = shared.prefix(3).map { "\($0.training) and \($0.heldOut)" }.joined(separator: ", ")
        let more = shared.count > 3 ? ", …" : ""
        let sentence =
            "\(shared.count.grouped) of \(count.counted("held-out \(noun)")) "
            + "\(shared.count == 1 ? "is" : "are") also among those for training\(likeness)"
        if shared.isEmpty {
            return DoctorCheck(
                .leaks, .passed, "none of \(count.counted("held-out \(noun)")) is among those for training\(likeness)")
        }
        guard Double(shared.count) > bearableLeak * Double(count) else {
            return DoctorCheck(.leaks, .passed, "only \(sentence): \(pairs)\(more)")
        }
        return DoctorCheck(
            .leaks, .failed, "\(sentence): \(pairs)\(more)",
            remedy: "take them out of one of the two: the validation measures what was learned by heart")
    }

    /// How often classes occur among the examples for training.
    package static func classes(_ names: [String], counts: [Int]) -> DoctorCheck {
        let total = max(counts.reduce(0, +), 1)
        let absent = zip(names, counts).filter { $0.1 == 0 }.map(\.0)
        if !absent.isEmpty {
            let list = absent.prefix(5).joined(separator: ", ") + (absent.count > 5 ? ", …" : "")
            return DoctorCheck(
                .classes, .failed,
                "\(absent.count.grouped) of \(names.count.counted("class")) \(absent.count == 1 ? "has" : "have") no example "
                    + "for training: \(list)", remedy: "add examples of them, or leave the classes out")
        }
        guard let most = zip(names, counts).max(by: { $0.1 < $1.1 }), let least = counts.min() else {
            return DoctorCheck(.classes, .skipped, "there are none")
        }
        if names.count == 1 { return DoctorCheck(.classes, .passed, "there is one, with \(most.1.counted("example"))") }
        let share = 100 * Double(most.1) / Double(total)
        if share > 95 {
            return DoctorCheck(
                .classes, .failed,
                "\(share.brief) % of the examples are of class \(most.0): a model that always says so is nearly always right",
                remedy: "measure by class, weigh the loss by class, or take examples of the others more often")
        }
        return DoctorCheck(
            .classes, .passed,
            "each of \(names.count.counted("class")) has "
                + (least == most.1 ? "" : "between \(least.grouped) and ") + most.1.counted("example"))
    }

    /// Examples with equal inputs and different classes.
    ///
    /// - Parameters:
    ///   - conflicts: the pairs, as people find them.
    ///   - count: of the examples.
    package static func conflicts(_ conflicts: [(String, String)], of count: Int) -> DoctorCheck? {
        guard Double(conflicts.count) > bearableLeak * Double(count), let first = conflicts.first else { return nil }
        return DoctorCheck(
            .classes, .failed,
            "\(conflicts.count.grouped) of \(count.counted("example")) have the same input as another one of a different "
                + "class: \(first.0) and \(first.1)",
            remedy: "correct their labels, or remove them: nothing can learn both")
    }
}
