import Foundation
import SwitchbackStudio
import Testing

/// How findings compare with labels, and whether a difference is more than chance.
struct ImageOutcomeTests {
    private func outcome(_ found: [[Float]], truth: [[Float]], confidence: Float = 0.25) -> ImageOutcome {
        ImageOutcome(ImageFinding(image: 1, version: "1", found: found), truth: truth, confidence: confidence)
    }

    @Test func boxesAreMatchedByOverlapAndClass() {
        let truth: [[Float]] = [[0, 0.1, 0.1, 0.3, 0.3], [1, 0.5, 0.5, 0.9, 0.9], [0, 0.6, 0.1, 0.8, 0.2]]
        let found: [[Float]] = [
            [0, 0.9, 0.1, 0.1, 0.3, 0.3],  // the first
            [0, 0.8, 0.1, 0.1, 0.3, 0.28],  // the first once more
            [0, 0.7, 0.5, 0.5, 0.9, 0.9],  // the second under a wrong class
            [0, 0.2, 0.6, 0.1, 0.8, 0.2],  // the third, not sure enough
        ]
        let all = outcome(found, truth: truth)
        #expect((all.right, all.missed, all.wrong) == (1, 2, 2))
        #expect(all.lost == [1, 2])
        #expect(all.found.map { $0[6] } == [1, 0, 0])
        let less = outcome(found, truth: truth, confidence: 0.1)
        #expect((less.right, less.missed, less.wrong) == (2, 1, 2))
    }

    @Test func theMoreConfidentFindingIsTheRightOne() {
        let both = outcome(
            [[0, 0.5, 0.1, 0.1, 0.3, 0.3], [0, 0.6, 0.1, 0.1, 0.3, 0.31]], truth: [[0, 0.1, 0.1, 0.3, 0.3]])
        #expect(both.found.map { $0[6] } == [1, 0] && both.found[0][1] == 0.6)
    }

    @Test func nothingToFindAndNothingFound() {
        let none = outcome([], truth: [])
        #expect((none.right, none.missed, none.wrong, none.uncertainty) == (0, 0, 0, 0))
        let lost = outcome([], truth: [[0, 0, 0, 1, 1]])
        #expect((lost.missed, lost.lost) == (1, [0]))
    }

    @Test func aClassIsRightOrWrong() {
        #expect(outcome([[2, 0.7], [0, 0.2]], truth: [[2]]).errors == 0)
        let wrong = outcome([[2, 0.7], [0, 0.2]], truth: [[0]])
        #expect(wrong.errors == 1 && abs(wrong.uncertainty - 0.5) < 1e-6)
    }

    @Test func confidencesNearAHalfAreUncertain() {
        #expect(outcome([[0, 0.5, 0, 0, 1, 1]], truth: []).uncertainty == 1)
        #expect(abs(outcome([[0, 0.9, 0, 0, 1, 1], [0, 0.2, 0, 0, 1, 1]], truth: []).uncertainty - 0.4) < 1e-6)
    }

    /// Against scipy.stats.binomtest.
    @Test(arguments: [
        (0, 0, 1.0), (5, 1, 0.21875), (10, 2, 0.03857421875), (30, 70, 7.85013964559367e-05), (3, 3, 1.0),
    ])
    func signTest(first: Int, second: Int, probability: Double) {
        #expect(abs(SignTest.probability(first, second) / probability - 1) < 1e-9)
    }

    /// Against scipy.stats.ks_2samp, whose exact probability the limit for large samples comes near.
    @Test func driftIsTheTestOfKolmogorovAndSmirnov() throws {
        let before = (0..<40).map { sin(Double($0) * 1.3) * 10 + 100 }
        let now = (0..<60).map { sin(Double($0) * 0.7) * 12 + 106 }
        let drift = try #require(Drift("brightness", from: before, to: now))
        #expect(abs(drift.distance - 0.36666666666666664) < 1e-12)
        #expect(abs(drift.chance / 0.0024260487063393534 - 1) < 0.15)
        #expect(!drift.isDrift, "the probability is above a thousandth")
        #expect(try #require(Drift("brightness", from: before, to: before)).distance == 0)
        #expect(try #require(Drift("brightness", from: before, to: before.map { $0 + 50 })).isDrift)
        #expect(Drift("brightness", from: before, to: [1, 2]) == nil, "too few")
    }
}
