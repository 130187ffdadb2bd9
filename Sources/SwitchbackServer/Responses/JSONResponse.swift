import Foundation
import Hummingbird
import SwitchbackFormats

extension Response {
    /// A value as it is.
    init(json value: JSON) {
        self.init(
            status: .ok, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: value.line)))
    }

    /// A value as JSON, with names as OpenAI has them: `finish_reason`.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok) {
        // What is encoded here are structs of texts and numbers: nothing in them can fail.
        let text = (try? JSON.text(value, keys: .convertToSnakeCase)) ?? "{}"
        self.init(
            status: status, headers: [.contentType: "application/json; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }
}
