import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// The page and the images of a diagnosis.
@Suite(.seeded(1), .serialized) struct DiagnosisPageTests {
    private func page(_ diagnosis: Diagnosis, title: String = "runs/x") throws -> String {
        let folder = try TemporaryFolder()
        try DiagnosisPage(diagnosis, title: title).write(to: folder.path("page.html"))
        return try String(contentsOfFile: folder.path("page.html"), encoding: .utf8)
    }

    /// The numbers that the page's script draws.
    private func content(_ html: String) throws -> [String: Any] {
        let start = try #require(html.range(of: "type=\"application/json\">"))
        let end = try #require(html.range(of: "</script>", range: start.upperBound..<html.endIndex))
        let json = Data(html[start.upperBound..<end.lowerBound].utf8)
        return try #require(try JSONSerialization.jsonObject(with: json) as? [String: Any])
    }

    @Test func aPageHasVerdictsAndNumbers() throws {
        let diagnosis = course(of: Patients.sigmoids(30, normalized: false))
        let html = try page(diagnosis)
        let verdict = try #require(diagnosis.verdicts.first)
        #expect(html.contains("<h3>\(verdict.kind.title)"))
        #expect(html.contains("class=\"\(verdict.severity.rawValue)\""))
        let content = try content(html)
        #expect((content["steps"] as? [Int]) == diagnosis.records.map { $0.step + 1 })
        #expect((content["loss"] as? [Any])?.count == diagnosis.records.count)
        let maps = try #require(content["maps"] as? [[String: Any]])
        let signal = try #require(maps.first?["values"] as? [[Any]])
        // Part of the largest: the layer next to the output has 1, the first one next to nothing.
        #expect(signal.count == 31 && (signal.last?.first as? Double) == 1)
        #expect((signal.first?.first as? Double ?? 1) < 1e-6)
    }

    /// It reads nothing from elsewhere, and text in it stays text.
    @Test func aPageStandsAlone() throws {
        let html = try page(course(of: Patients.sigmoids(2, normalized: false)), title: "</title><script>alert(1)")
        let others = html.replacing("http://www.w3.org/2000/svg", with: "")
        #expect(!others.contains("http://") && !others.contains("https://") && !others.contains("src="))
        #expect(html.contains("prefers-color-scheme: dark"))
        #expect(!html.contains("<script>alert") && html.contains("&lt;/title&gt;&lt;script&gt;alert"))
        #expect(html.components(separatedBy: "</script>").count == 3)
    }

    @Test func zerosAndNumbersThatAreNoneAreTold() throws {
        final class Dead: Module {
            let first = Linear(32, 8)
            let second = Linear(8, 4)
            override func forward(_ x: Tensor) -> Tensor { second(first(x) * 0) }
        }
        let diagnosis = course(of: Dead())
        let maps = try #require(try content(try page(diagnosis))["maps"] as? [[String: Any]])
        let signal = try #require(maps.first?["values"] as? [[Double]])
        #expect(signal[0].allSatisfy { $0 == 0 } && signal[1].allSatisfy { $0 == 1 })
        let folder = try TemporaryFolder()
        try diagnosis.figure.write(to: folder.path("x.svg"))
        let svg = try String(contentsOfFile: folder.path("x.svg"), encoding: .utf8)
        // Text is drawn as outlines; the color of zeros is the theme's own.
        #expect(svg.contains("rgb(83.92"))
        let sound = course(of: Sequential(Linear(32, 8), ReLU(), Linear(8, 4)))
        try sound.figure.write(to: folder.path("y.svg"))
        #expect(try !String(contentsOfFile: folder.path("y.svg"), encoding: .utf8).contains("rgb(83.92"))
    }

    /// A residual connection is a way of its own.
    @Test func branchesAreKept() throws {
        final class Forked: Module {
            let trunk = Linear(32, 8)
            let left = Linear(8, 4)
            let right = Linear(8, 4)
            override func forward(_ x: Tensor) -> Tensor {
                let y = trunk(x).relu()
                return left(y) + right(y)
            }
        }
        let links = try #require(try content(try page(course(of: Forked())))["links"] as? [[Int]])
        #expect(links == [[0, 1], [0, 2]])
    }

    @Test func longRunsAreThinned() throws {
        let diagnosis = course(of: Sequential(Linear(32, 4)), steps: 700, every: 1)
        let steps = try #require(try content(try page(diagnosis))["steps"] as? [Int])
        #expect(steps.count == 240 && steps.first == 1 && steps.last == 700)
    }
}
