import Foundation
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// A click, or a box, that becomes an outline.
struct DataOutlinesTests {
    /// A dark plate with a bright disc of a quarter of its height, at a third of its width.
    private func studio() async throws -> (studio: DataStudio, address: String) {
        let (width, height) = (240, 160)
        var image = Image(height: height, width: width, filledWith: 60)
        let disc = Image(height: 1, width: 1, filledWith: 220)
        for row in 0..<height {
            for column in 0..<width {
                let (dx, dy) = (column - 80, row - 60)
                if dx * dx + dy * dy <= 400 { image.paste(disc, top: row, left: column) }
            }
        }
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(image.jpegData(quality: 95), as: "plate.jpg", more: "&split=train")
        return (studio, "/api/v1/data/cells/images/\(try await studio.images()[0].id)/outlines")
    }

    private func best(_ answer: AskedRoutes.Answer) throws -> [Double] {
        let best = try answer.fields.integer("best", minimum: 0)
        guard case .array(let numbers)? = try answer.fields.array("outlines")?[best] else { return [] }
        return numbers.compactMap(\.finiteNumber)
    }

    /// The share of the disc and an outline that both have.
    private func overlap(_ outline: [Double]) -> Double {
        let points = stride(from: 0, to: outline.count, by: 2).map {
            PlanePoint(Float(outline[$0] * 240), Float(outline[$0 + 1] * 160))
        }
        let disc = (0..<64).map { step -> PlanePoint in
            let angle = Float(step) / 32 * .pi
            return PlanePoint(80.5 + 20 * cos(angle), 60.5 + 20 * sin(angle))
        }
        let (mask, truth) = (
            InstanceMask(polygon: points, imageHeight: 160, imageWidth: 240),
            InstanceMask(polygon: disc, imageHeight: 160, imageWidth: 240)
        )
        return mask.iou(truth)
    }

    @Test(arguments: [
        #"{"at": [0.333, 0.375]}"#, #"{"at": [0.36, 0.4]}"#, #"{"box": [0.24, 0.24, 0.43, 0.51]}"#,
        #"{"at": [0.333, 0.375], "within": [0.2, 0.2, 0.5, 0.6]}"#,
    ]) func whatIsThereIsOutlined(body: String) async throws {
        let (studio, address) = try await studio()
        let answer = try await studio.asked.ask(address, body.utf8)
        #expect(answer.status == 200, "\(answer.problem)")
        let outline = try best(answer)
        #expect(overlap(outline) > 0.9, "\(overlap(outline))")
        #expect(outline.count < 80 && outline.allSatisfy { (0...1).contains($0) })
        // It can be accepted as it is.
        let numbers = outline.map { "\($0)" }.joined(separator: ", ")
        let image = address.split(separator: "/")[5]
        let stroke = try await studio.stroke(
            String(image), "e", #"{"object": "o1", "value": {"class": 0, "outline": [\#(numbers)]}}"#)
        #expect(stroke.status == 200, "\(stroke.problem)")
    }

    @Test(arguments: [
        ("{}", "field at"), (#"{"at": [0.5]}"#, "2 fractions"), (#"{"at": [0.5, 1.5]}"#, "0 to 1"),
        (#"{"at": ["a", 0]}"#, "2 fractions"), (#"{"box": [0.5, 0.5, 0.4, 0.6]}"#, "less than"),
        (#"{"at": [0.5, 0.5], "within": [0, 0, 0, 1]}"#, "field within"), (#"{"point": [0, 0]}"#, "no such field"),
    ]) func oddPlacesAreRefused(body: String, words: String) async throws {
        let (studio, address) = try await studio()
        let answer = try await studio.asked.ask(address, body.utf8)
        #expect(answer.status == 400 && answer.problem.contains(words), "\(answer.problem)")
    }
}
