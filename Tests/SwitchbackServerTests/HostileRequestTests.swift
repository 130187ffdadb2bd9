import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision
import TestSupport
import Testing

/// Requests that would keep the server from its work.
struct HostileRequestTests {
    private func form(_ count: Int, name: (Int) -> String) -> [UInt8] {
        let parts = (0..<count).map { "--B\r\nContent-Disposition: form-data; name=\"\(name($0))\"\r\n\r\n\r\n" }
        return Array((parts.joined() + "--B--\r\n").utf8)
    }

    @Test func formsOfManyParts() throws {
        let type = "multipart/form-data; boundary=B"
        for body in [form(70_000) { _ in "a" }, form(70_000) { "a\($0)" }] {
            let error = #expect(throws: InputError.self) {
                try withinAMinute { try MultipartForm(body, contentType: type) }
            }
            #expect(error?.description.contains("more than 64 fields") == true)
        }
        #expect(try MultipartForm(form(64) { "a\($0)" }, contentType: type).parts.count == 64)
        let head = Array("--B\r\nContent-Disposition: form-data; x=\"\(String(repeating: "y", count: 1_000_000))".utf8)
        #expect(throws: InputError.self) { try MultipartForm(head, contentType: type) }
        let long = String(repeating: "B", count: 71)
        #expect(throws: InputError.self) {
            try MultipartForm(head, contentType: "multipart/form-data; boundary=\(long)")
        }
    }

    @Test func unknownFields() throws {
        for name in [String(repeating: "z", count: 4000), String(repeating: "e\u{301}", count: 1000)] {
            let error = #expect(throws: InputError.self) {
                try withinAMinute {
                    try GenerationParameters(
                        ConfigurationFields(body: Array("{\"\(name)\": 1}".utf8)), .chat, limits: ServerLimits())
                }
            }
            #expect(error?.problem == "there is no such field")
        }
        // Two names that Swift takes for one.
        let image = "{\"image\": \"AAAA\", \"\u{e9}\": 1, \"e\u{301}\": 2}"
        let error = #expect(throws: InputError.self) {
            try ImageUpload(Array(image.utf8), contentType: nil, names: [])
        }
        #expect(error?.problem == "there is no such field")
        let stop = "{\"stop\": \"\(String(repeating: "a", count: 1001))\"}"
        #expect(throws: InputError.self) {
            try GenerationParameters(ConfigurationFields(body: Array(stop.utf8)), .chat, limits: ServerLimits())
        }
    }

    /// Work that never ends holds a thread, and nobody else.
    @Test func workThatTakesTooLong() async throws {
        let queue = WorkQueue("test", threads: 1, limit: 4)
        let release = DispatchSemaphore(value: 0)
        let begun = DispatchSemaphore(value: 0)
        let slow = Task {
            try await queue.run(within: 0.2) {
                begun.signal()
                release.wait()
                return 1
            }
        }
        await withCheckedContinuation { done in
            DispatchQueue.global().async {
                begun.wait()
                done.resume()
            }
        }
        let waiting = Task { try await queue.run(within: 0.2) { 2 } }
        await #expect(throws: APIError.self) { try await slow.value }
        await #expect(throws: APIError.self) { try await waiting.value }
        release.signal()
        #expect(try await queue.run(within: 3600) { 3 } == 3)
        queue.stop()
        await #expect(throws: APIError.self) { try await queue.run(within: 3600) { 4 } }
    }

    @Test func memoryOfAllRequests() throws {
        let budget = MemoryBudget(bytes: 100)
        var first: MemoryShare? = MemoryShare(of: budget)
        let second = MemoryShare(of: budget)
        try first?.take(60)
        let error = #expect(throws: APIError.self) { try second.take(41) }
        #expect(error?.status == .serviceUnavailable)
        try second.take(40)
        first = nil
        try second.take(60)
    }

    @Test func aBrokenAnswerDidNotStop() {
        #expect(Continuation.Ending.cancelled.finishReason == nil)
        #expect(Continuation.Ending.stop.finishReason == "stop" && Continuation.Ending.length.finishReason == "length")
    }

    @Test func labelsOfMetrics() {
        let metrics = ServerMetrics()
        metrics.setLoad(of: "a\"b\\c\nd", active: 1, waiting: 0)
        #expect(metrics.text.contains(#"switchback_texts_active{model="a\"b\\c\nd"} 1"#), "\(metrics.text)")
    }
}
