import SwitchbackTraining
import Testing

/// Which numbers options take, and what is said to those who give others.
@Suite struct NumberRangeTests {
    @Test(
        arguments: [
            (.above(0), -1.0, "a number greater than 0 is needed"),
            (.above(0), .nan, "a finite number greater than 0 is needed"),
            (.above(0), .infinity, "a finite number greater than 0 is needed"),
            (.any, -.infinity, "a finite number is needed"), (.any, -1e300, nil),
            (.atLeast(0), 0, nil), (.atLeast(0), -0.5, "a number of at least 0 is needed"),
            (.from(0, to: 1), 1, nil), (.from(0, to: 1), 1.01, "a number from 0 to 1 is needed"),
            (.from(0, below: 1), 1, "a number from 0 to below 1 is needed"),
            (.above(0, to: 1), 0, "a number above 0 and at most 1 is needed"), (.above(0, to: 1), 1, nil),
            (.above(0, below: 1), 1, "a number above 0 and below 1 is needed"),
            (.from(-180, to: 180), -181, "a number from -180 to 180 is needed"), (.from(-180, to: 180), -180, nil),
        ] as [(NumberRange, Double, String?)])
    func numbers(_ range: NumberRange, _ number: Double, _ problem: String?) {
        #expect(range.problem(with: number) == problem)
    }

    @Test(
        arguments: [
            (.from(1, to: 1_000_000), 0.0, "a whole number from 1 to 1,000,000 is needed"),
            (.multiples(of: 32, to: 8192), 330, "a multiple of 32 from 32 to 8192 is needed, such as 320"),
            (.multiples(of: 32, to: 8192), -1, "a multiple of 32 from 32 to 8192 is needed, such as 32"),
            (.multiples(of: 32, to: 8192), 100_000, "a multiple of 32 from 32 to 8192 is needed, such as 8192"),
            (.multiples(of: 32, to: 8192), 640, nil),
            (.from(1, to: 64).or(-1, for: "all"), -1, nil),
            (.from(1, to: 64).or(-1, for: "all"), 0, "a whole number from 1 to 64, or -1 for all, is needed"),
        ] as [(NumberRange, Double, String?)])
    func wholeNumbers(_ range: NumberRange, _ number: Double, _ problem: String?) {
        #expect(range.problem(with: number, isWhole: true) == problem)
    }
}
