import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackServer
import SwitchbackVision
import TestSupport
import Testing

/// What requests may say.
struct RequestTests {
    private func parameters(_ json: String, limits: ServerLimits = ServerLimits()) throws -> GenerationParameters {
        try GenerationParameters(
            ConfigurationFields(body: Array(json.utf8)), .chat, limits: limits)
    }

    @Test func options() throws {
        let found = try parameters(
            #"""
            {"model": "m", "messages": [], "max_tokens": 7, "temperature": 0.5, "top_p": 0.9, "top_k": 3, "stop": ["a", "b"],
             "seed": -1, "stream": true, "stream_options": {"include_usage": true}, "n": 1, "user": "me", "logit_bias": {}}
            """#)
        let options = found.options()
        #expect(found.model == "m" && found.tokens == 7 && found.stream && found.includesUsage)
        #expect(options.sampling.temperature == 0.5 && options.sampling.topP == 0.9)
        #expect(
            options.sampling.topK == 3 && options.stopWords == ["a", "b"] && options.seed == .max)
        #expect(try parameters("{}").tokens == nil)
        // As other servers take them: numbers with a point, and −1 or 0 for all tokens.
        let loose = try parameters(#"{"max_tokens": 4.0, "seed": 1.0, "top_k": -1}"#)
        #expect(loose.tokens == 4 && loose.options().seed == 1)
        var defaults = GenerationOptions()
        (defaults.sampling.topK, defaults.sampling.topP, defaults.sampling.temperature) = (20, 0.8, 0.7)
        #expect(loose.options(over: defaults).sampling.topK == nil)
        #expect(loose.options(over: defaults).sampling.topP == 0.8)
        #expect(loose.options(over: defaults).sampling.temperature == 0.7)
        #expect(try parameters(#"{"max_completion_tokens": 3, "max_tokens": null}"#).tokens == 3)
    }

    @Test(arguments: [
        ("{", "byte 1", nil), ("[]", "not a JSON object", nil),
        (#"{"temperatur": 1}"#, "did you mean temperature?", "temperatur"),
        (#"{"temperature": "hot"}"#, "a number is needed", "temperature"),
        (#"{"temperature": -1}"#, "a number from 0 to 100 is needed", "temperature"),
        (#"{"top_p": 2}"#, "at most 1", "top_p"), (#"{"max_tokens": 0}"#, "at least 1", "max_tokens"),
        (#"{"max_tokens": 1000}"#, "at most 100 tokens", "max_tokens"), (#"{"n": 129}"#, "at most 128", "n"),
        (#"{"functions": [1]}"#, "they are tools now", "functions"), (#"{"stop": 5}"#, "text is needed", "stop"),
        (#"{"response_format": {"type": "xml"}}"#, "supported are text, json_object", "response_format.type"),
        (#"{"presence_penalty": 3}"#, "from -2 to 2", "presence_penalty"),
        (#"{"logit_bias": {"a": 1}}"#, "a is no token's number", "logit_bias"),
        (#"{"top_logprobs": 2}"#, "it needs logprobs", "top_logprobs"),
        (#"{"logprobs": true, "top_logprobs": 21}"#, "at most 20", "top_logprobs"),
        (#"{"reasoning_effort": "low"}"#, "chat_template_kwargs", "reasoning_effort"),
        (#"{"stream_options": {"include_usage": true}}"#, "it needs stream", "stream_options"),
        (#"{"stream": true, "stream_options": {"usage": true}}"#, "no such field", "stream_options.usage"),
        (#"{"max_tokens": 3, "max_completion_tokens": 4}"#, "another number", "max_tokens"),
        (#"{"verbosity": "low"}"#, "there is none", "verbosity"),
        (#"{"stream": 1}"#, "true or false", "stream"), (#"{"seed": 0.5}"#, "whole number", "seed"),
    ])
    func refusals(_ json: String, _ sentence: String, _ param: String?) throws {
        var limits = ServerLimits()
        limits.tokens = 100
        let error = #expect(throws: InputError.self) { try parameters(json, limits: limits) }
        let answer = APIError(try #require(error))
        #expect(answer.status == .badRequest && answer.message.contains(sentence), "\(answer.message)")
        #expect(answer.param == param)
    }

    @Test func forms() throws {
        let body =
            "--x y\r\nContent-Disposition: form-data; name=\"top\"\r\n\r\n3\r\n"
            + "--x y\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.png\"\r\nContent-Type: image/png\r\n\r\n"
            + "\r\n--not the end\r\n\r\n--x y--\r\n"
        let form = try MultipartForm(Array(body.utf8), contentType: "multipart/form-data; boundary=\"x y\"")
        #expect(form.parts["top"] == Array("3".utf8))
        #expect(form.parts["image"] == Array("\r\n--not the end\r\n".utf8))
        for (text, type) in [
            (String(body.dropLast(20)), "multipart/form-data; boundary=\"x y\""), (body, "multipart/form-data"),
        ] {
            #expect(throws: InputError.self) { try MultipartForm(Array(text.utf8), contentType: type) }
        }
    }

    @Test func names() {
        #expect(ServedModel.named("runs/chat/train").name == "train")
        #expect(ServedModel.named("runs/detect/cars/weights/best.safetensors").name == "cars")
        #expect(ServedModel.named("runs/detect/cars/weights/epoch40.safetensors").name == "cars")
        #expect(ServedModel.named("runs/detect/epoch4/weights/best.safetensors").name == "epoch4")
        #expect(ServedModel.named("models/epoch4.safetensors").name == "epoch4")
        let (name, path) = ServedModel.named("mine=a/b")
        #expect(name == "mine" && path == "a/b")
        #expect(ServedModel.named("./a=b/c").name == "c")
    }

    @Test func images() throws {
        let gray = #"{"image": "AAAA", "confidence": 0.5}"#
        #expect(throws: InputError.self) {
            try ImageUpload(Array(gray.utf8), contentType: nil, names: ["confidence"])
        }
        let error = #expect(throws: InputError.self) {
            try ImageUpload(Array(#"{"image": "!"}"#.utf8), contentType: "application/json", names: [])
        }
        #expect(error?.description.contains("not base64") == true)

        let image = Image(height: 2, width: 3, filledWith: 90)
        let form = "application/x-www-form-urlencoded"  // so curl calls whatever it sends
        let alone = try ImageUpload(image.pngData(), contentType: form, names: [])
        #expect(alone.image.width == 3 && alone.image.height == 2)
        let base64 = try Data(image.pngData()).base64EncodedString()
        let json = try ImageUpload(Array(" {\"image\": \"\(base64)\"}".utf8), contentType: form, names: [])
        #expect(json.image.width == 3)
    }
}
