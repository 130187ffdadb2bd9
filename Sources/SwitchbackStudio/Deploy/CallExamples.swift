import SwitchbackFormats

/// A program that calls an endpoint, to be copied as it is.
struct CallExample: Encodable, Sendable {
    let language: String
    let code: String

    /// Examples in several languages.
    ///
    /// - Parameters:
    ///   - path: of the task at the endpoint: `/v1/detect`.
    ///   - key: that clients must send.
    static func all(address: String, path: String, key: String) -> [CallExample] {
        let url = address + path
        return [
            CallExample(
                language: "curl",
                code: """
                    curl \(url) \\
                      -H "Authorization: Bearer \(key)" \\
                      -F image=@image.jpg
                    """),
            CallExample(
                language: "Python",
                code: """
                    import json, urllib.request

                    request = urllib.request.Request(
                        "\(url)", open("image.jpg", "rb").read(),
                        {"Authorization": "Bearer \(key)", "Content-Type": "application/octet-stream"})
                    print(json.load(urllib.request.urlopen(request)))
                    """),
            CallExample(
                language: "Swift",
                code: """
                    import Foundation
                    #if canImport(FoundationNetworking)
                        import FoundationNetworking
                    #endif

                    var request = URLRequest(url: URL(string: "\(url)")!)
                    request.httpMethod = "POST"
                    request.httpBody = try Data(contentsOf: URL(fileURLWithPath: "image.jpg"))
                    request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
                    request.setValue("application/octet-stream", forHTTPHeaderField: "Content-Type")
                    let (data, _) = try await URLSession.shared.data(for: request)
                    print(String(decoding: data, as: UTF8.self))
                    """),
            CallExample(
                language: "JavaScript",
                code: """
                    import { readFile } from "node:fs/promises";

                    const answer = await fetch("\(url)", {
                      method: "POST",
                      headers: { "Authorization": "Bearer \(key)", "Content-Type": "application/octet-stream" },
                      body: await readFile("image.jpg"),
                    });
                    console.log(await answer.json());
                    """),
        ]
    }
}
