import Foundation
#if canImport(FoundationNetworking)
import FoundationNetworking
#endif
import TestSupport
import Testing

/// `Examples/serve-digits`: what it cannot compute is answered, and it lives on.
@Suite struct ServiceExampleTests {
    private func post(_ body: String, to address: String) async throws -> (status: Int, text: String) {
        var request = URLRequest(url: URL(string: address + "/predict")!)
        request.httpMethod = "POST"
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = Data(body.utf8)
        let (data, response) = try await URLSession.shared.data(for: request)
        return ((response as! HTTPURLResponse).statusCode, String(decoding: data, as: UTF8.self))
    }

    @Test func aWrongShapeIsAnsweredWithItsSentence() async throws {
        let server = try RunningServer(
            service: Bundle.main.bundleURL.appendingPathComponent("serve-digits"), ["0"])
        let wrong = ["[[1, 2, 3]]": "[1, 3]", "[[1, 2], [3]]": "differ in length", "[]": "(in ", "{": "valid"]
        for _ in 0..<3 {
            for (body, words) in wrong {
                let answer = try await post(body, to: server.address)
                #expect(answer.status == 400 && answer.text.contains(words), "\(body): \(answer)")
            }
        }
        let image = "[" + [String](repeating: "0.5", count: 64).joined(separator: ",") + "]"
        let answer = try await post("[\(image), \(image)]", to: server.address)
        #expect(answer.status == 200)
        let object = try JSONSerialization.jsonObject(with: Data(answer.text.utf8)) as? [String: [[Double]]]
        let rows = try #require(object?["probabilities"])
        #expect(rows.count == 2 && rows.allSatisfy { $0.count == 10 && abs($0.reduce(0, +) - 1) < 1e-5 })
    }
}
