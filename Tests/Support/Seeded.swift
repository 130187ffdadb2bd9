import Switchback
import Testing

/// Gives each test of a suite a generator of its own where none is given, so that what it draws does not depend on the
/// tests that run beside it.
public struct Seeded: SuiteTrait, TestTrait, TestScoping {
    let seed: UInt64

    public var isRecursive: Bool { true }

    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
    ) async throws {
        try await Generator.withDefault(Generator(seed: seed)) { try await function() }
    }
}

extension Trait where Self == Seeded {
    public static func seeded(_ seed: UInt64 = 0) -> Seeded { Seeded(seed: seed) }
}
