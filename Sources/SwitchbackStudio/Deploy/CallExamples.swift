/// A program that calls an endpoint, to be copied as it is.
struct CallExample: Encodable, Sendable {
    let language: String
    let code: String

    /// Examples in several languages.
    ///
    /// - Parameters:
    ///   - task: of the run at the endpoint.
    ///   - key: that clients must send.
    static func all(address: String, task: String, key: String) -> [CallExample] {
        let url = address + Endpoint.path(task)
        // Without JSON to send it is the image beside the program.
        let json = Endpoint.exampleRequest(task)
        let type = json == nil ? "application/octet-stream" : "application/json"
        return [
            CallExample(language: "curl", code: curl(url, key, json)),
            CallExample(language: "Python", code: python(url, key, json, type)),
            CallExample(language: "Swift", code: swift(url, key, json, type)),
            CallExample(language: "JavaScript", code: javaScript(url, key, json, type)),
        ]
    }

    private static func curl(_ url: String, _ key: String, _ json: String?) -> String {
        """
        curl \(url) \\
          -H "Authorization: Bearer \(key)" \\
          \(json.map { "-H \"Content-Type: application/json\" \\\n  -d '\($0)'" } ?? "-F image=@image.jpg")
        """
    }

    private static func python(_ url: String, _ key: String, _ json: String?, _ type: String) -> String {
        """
        import json, urllib.request

        request = urllib.request.Request(
            "\(url)", \(json.map { "b'\($0)'" } ?? "open(\"image.jpg\", \"rb\").read()"),
            {"Authorization": "Bearer \(key)", "Content-Type": "\(type)"})
        print(json.load(urllib.request.urlopen(request)))
        """
    }

    private static func swift(_ url: String, _ key: String, _ json: String?, _ type: String) -> String {
        """
        import Foundation
        #if canImport(FoundationNetworking)
            import FoundationNetworking
        #endif

        var request = URLRequest(url: URL(string: "\(url)")!)
        request.httpMethod = "POST"
        request.httpBody = \(json.map { "Data(#\"\($0)\"#.utf8)" } ?? "try Data(contentsOf: URL(fileURLWithPath: \"image.jpg\"))")
        request.setValue("Bearer \(key)", forHTTPHeaderField: "Authorization")
        request.setValue("\(type)", forHTTPHeaderField: "Content-Type")
        let (data, _) = try await URLSession.shared.data(for: request)
        print(String(decoding: data, as: UTF8.self))
        """
    }

    private static func javaScript(_ url: String, _ key: String, _ json: String?, _ type: String) -> String {
        (json == nil ? "import { readFile } from \"node:fs/promises\";\n\n" : "") + """
            const answer = await fetch("\(url)", {
              method: "POST",
              headers: { "Authorization": "Bearer \(key)", "Content-Type": "\(type)" },
              body: \(json.map { "'\($0)'" } ?? "await readFile(\"image.jpg\")"),
            });
            console.log(await answer.json());
            """
    }
}
