import Foundation
import Switchback
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// What a run finds in the images of a data set, which is kept between starts of the studio.
@Suite(.seeded())
struct DataJudgingTests {
    /// Two classes of images, and a run whose classifier has learned nothing.
    private func filled() async throws -> DataStudio {
        let studio = try DataStudio()
        try await studio.make(#"{"name": "cells", "classes": ["good", "bad"], "kind": "classes"}"#)
        for (number, place) in ["train&class=bad", "train&class=good", "val&class=bad"].enumerated() {
            _ = try await studio.upload(Sample.jpeg(UInt8(number)), as: "\(number).jpg", more: "&split=\(place)")
        }
        let run = studio.folder.path("runs/classify/train")
        try FileManager.default.createDirectory(atPath: "\(run)/weights", withIntermediateDirectories: true)
        try "task: classify\n".write(toFile: "\(run)/args.yaml", atomically: true, encoding: .utf8)
        let classifier = try Classifier(
            Classifier.Configuration(
                model: .mlp, classNames: ["good", "bad"], inputShape: [3, 8, 8],
                normalization: Normalization(of: Tensor.rand([4, 3, 8, 8]))))
        try classifier.save(to: "\(run)/weights/best.safetensors")
        return studio
    }

    private func isJudged(_ asked: AskedRoutes) async throws -> Bool {
        let fields = try await asked.get("/api/v1/data/cells/judgements?run=classify/train").fields
        return try fields.integer("done", minimum: 0) == 3 && fields.integer("total", minimum: 0) == 3
    }

    @Test func theLeastCertainAreListedAfterARestart() async throws {
        let studio = try await filled()
        let began = try await studio.asked.ask(
            "/api/v1/data/cells/judgements", #"{"run": "classify/train"}"#.utf8)
        #expect(began.status == 200, "\(began.problem)")
        while try await !isJudged(studio.asked) { try await Task.sleep(for: .milliseconds(20)) }
        let before = try await studio.images("uncertain=classify/train").map(\.name)
        #expect(Set(before) == ["0.jpg", "1.jpg", "2.jpg"])
        // As a studio that is started anew, of which nobody has opened the page of comparisons yet.
        let routes = DataRoutes(folder: studio.folder.url.path, runs: studio.folder.path("runs"))
        defer { routes.stop() }
        let asked = AskedRoutes { routes.add(to: $0) }
        let list = try await asked.get("/api/v1/data/cells/images?uncertain=classify/train").fields
        #expect(try list.integer("total") == 3)
        #expect(try await isJudged(asked))
        let comparison = try await asked.get("/api/v1/data/cells/comparison?a=classify/train").fields
        #expect(try comparison.integer("images") == 3)
    }

    /// Findings of other weights are none of this run's.
    @Test func otherWeightsHaveFoundNothingYet() async throws {
        let studio = try await filled()
        _ = try await studio.asked.ask("/api/v1/data/cells/judgements", #"{"run": "classify/train"}"#.utf8)
        while try await !isJudged(studio.asked) { try await Task.sleep(for: .milliseconds(20)) }
        let weights = studio.folder.path("runs/classify/train/weights/best.safetensors")
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -600)], ofItemAtPath: weights)
        let routes = DataRoutes(folder: studio.folder.url.path, runs: studio.folder.path("runs"))
        defer { routes.stop() }
        let asked = AskedRoutes { routes.add(to: $0) }
        let list = try await asked.get("/api/v1/data/cells/images?uncertain=classify/train").fields
        #expect(try list.integer("total", minimum: 0) == 0)
        try FileManager.default.removeItem(atPath: weights)
        let none = try await asked.get("/api/v1/data/cells/judgements?run=classify/trai")
        #expect(none.status == 404 && none.problem.contains("did you mean classify/train"), "\(none.problem)")
    }
}
