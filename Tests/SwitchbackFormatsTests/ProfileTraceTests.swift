import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite(.seeded()) struct ProfileTraceTests {
    private let profile: Profile = {
        let model = Sequential(Linear(8, 4), ReLU(), Linear(4, 1))
        let x = Tensor.randn([2, 8])
        return Profiler.record { model(x).sum().backward() }
    }()

    @Test func traceIsWhatViewersRead() throws {
        let folder = try TemporaryFolder()
        try profile.saveTrace(to: folder.path("trace.json"))
        let bytes = try Data(contentsOf: folder.url.appendingPathComponent("trace.json"))
        let trace = try #require(JSONSerialization.jsonObject(with: bytes) as? [String: Any])
        let events = try #require(trace["traceEvents"] as? [[String: Any]])
        #expect(events.count == profile.events.count)
        for event in events {
            #expect(event["ph"] as? String == "X" && event["ts"] is NSNumber && event["dur"] is NSNumber)
            #expect(event["pid"] is NSNumber && event["tid"] is NSNumber)
        }
        let names = events.compactMap { $0["name"] as? String }
        #expect(names.contains("linear") && names.contains("linear backward") && names.contains("0"))
    }

    @Test func aTraceThatCannotBeSavedLeavesNothing() throws {
        let folder = try TemporaryFolder()
        #expect(throws: InputError.self) { try profile.saveTrace(to: folder.path("missing/trace.json")) }
        #expect(throws: InputError.self) { try profile.saveTrace(to: folder.url.path) }
        #expect(folder.contents.isEmpty)
    }
}
