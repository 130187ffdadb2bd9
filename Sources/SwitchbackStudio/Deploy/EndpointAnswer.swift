import Foundation
import Switchback
import SwitchbackFormats

/// An endpoint that serves a run, as the page `/deploy` shows it.
struct EndpointAnswer: Encodable, Sendable {
    let job: JobAnswer
    /// Where it listens; `nil` until it does.
    let address: String?
    let key: String
    let examples: [CallExample]

    init(_ job: Job, _ folder: JobFolder) {
        self.job = JobAnswer(job, folder)
        let key = (try? String(contentsOfFile: Endpoint.keyFile(folder), encoding: .utf8)) ?? ""
        self.key = key
        address = self.job.state == .running ? Endpoint.address(in: folder.output(from: 0).text) : nil
        examples = address.map { CallExample.all(address: $0, task: job.task, key: key) } ?? []
    }
}

/// `switchback serve` with one run.
enum Endpoint {
    /// Where it answers.
    static func path(_ task: String) -> String {
        switch task {
        case "chat", "prefer": "/v1/chat/completions"
        case "text": "/v1/completions"
        default: "/v1/\(task)"
        }
    }

    /// What a language model may be asked; `nil` where an image is sent.
    static func exampleRequest(_ task: String) -> String? {
        switch task {
        case "chat", "prefer": #"{"messages": [{"role": "user", "content": "Hello!"}]}"#
        case "text": #"{"prompt": "Once ", "max_tokens": 100}"#
        default: nil
        }
    }

    static func keyFile(_ folder: JobFolder) -> String { Folder.join(folder.path, keyName) }

    static let keyName = "key"

    /// A new key of 128 random bits.
    static func makeKey() -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<2).map { _ in String(generator.next() | 1 << 63, radix: 16) }.joined()
    }

    static func arguments(
        _ run: String, named name: String, port: Int, keptRequests: String?, _ folder: JobFolder
    ) -> [String] {
        ["serve", "\(name)=\(run)", "--port=\(port)", "--json", "--api-key-file=\(keyFile(folder))"]
            + (keptRequests.map { [keeping($0)] } ?? [])
    }

    /// The option that has requests kept in a folder.
    static func keeping(_ folder: String) -> String { "--keep-requests=\(folder)" }

    private struct Listening: Decodable { let address: String }

    /// The address in what `serve --json` prints first.
    static func address(in output: String) -> String? {
        output.split(separator: "\n").lazy.compactMap { JSON.value(Listening.self, String($0))?.address }.first
    }
}
