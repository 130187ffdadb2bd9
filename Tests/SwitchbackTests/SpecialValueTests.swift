import Foundation
import TestSupport
import Testing

/// NaN, infinities, zeros and numbers at the ends of functions in the place of the operands of each operator that
/// PyTorch tests: results and gradients are PyTorch's. `Scripts/operator_cases.py --fixture` made the cases;
/// `Docs/operator-coverage.md` has what came of all.
@Suite struct SpecialValueTests {
    /// Where an answer is another one on purpose.
    private static let known = [
        "digamma": "PyTorch's slope at 1e-40 is an approximation of an infinite one",
        "nn.functional.mish": "the slope at infinity is its limit",
        "nn.functional.softsign": "the slope at infinity is its limit",
    ]

    @Test func answersAreThoseOfPyTorch() throws {
        let cases = try OperatorCase.load(fixtureFolder.appendingPathComponent("operator_cases/cases"))
        var counts: [OperatorCase.Outcome.Kind: Int] = [:]
        for testCase in cases {
            let outcome = testCase.run()
            counts[outcome.kind, default: 0] += 1
            if outcome.kind == .missing { continue }
            // A known difference that is none any more has no place in the list.
            let expected = Self.known[testCase.op] == nil ? OperatorCase.Outcome.Kind.passed : .differs
            #expect(outcome.kind == expected, "\(testCase): \(outcome)")
        }
        #expect(counts[.passed, default: 0] >= 250)
    }
}
