import SwitchbackTraining
import TestSupport
import Testing

/// Files of one size are told apart by what is in them, and of several copies the first one for training is named.
struct ExactCopiesTests {
    @Test func filesAreComparedByTheirContents() throws {
        let folder = try TemporaryFolder()
        let training = try ["xx", "yy", "yy", "zzz"].enumerated().map { try folder.write($1, to: "train-\($0)") }
        let heldOut = try ["yy", "wv", "zzz", "", "xx"].enumerated().map { try folder.write($1, to: "val-\($0)") }
        let missing = folder.path("missing")
        let pairs = ExactCopies.pairs(ofFiles: [missing] + training, heldOut + [missing])
        #expect(pairs.map { [$0.0, $0.1] } == [[2, 0], [4, 2], [1, 4]])
    }
}
