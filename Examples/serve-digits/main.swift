// A model behind HTTP, which answers what it cannot compute with 400 and one sentence, and lives on.
//
//     swift run -c release serve-digits 8080
//     curl -H 'Content-Type: application/json' -d '[[0, 1, 2]]' localhost:8080/predict
//
// The body is a list of images, each of 8 × 8 gray values from 0 to 1.

import Foundation
import Hummingbird
import Logging
import Switchback
import SwitchbackFormats

/// Two layers: [N, 64] pixels to [N, 10] scores.
final class DigitClassifier: Module {
    let fc1 = Linear(64, 32)
    let fc2 = Linear(32, 10)

    override func forward(_ x: Tensor) -> Tensor { fc2(fc1(x).relu()) }
}

/// Owns the model: tensors belong to one thread at a time.
actor DigitService {
    private let model = DigitClassifier()

    func train() throws {
        let digits = try Digits.load().train
        let optimizer = Adam(model.parameters, learningRate: 1e-2)
        for batch in DataLoader(digits, batchSize: 64, shuffle: true) {
            optimizer.zeroGrad()
            model(batch.input.flatten(start: 1)).crossEntropy(batch.target).backward()
            optimizer.step()
        }
    }

    /// The probability of each digit for each image. Throws `ShapeError` for images that do not fit the model.
    func probabilities(_ images: [[Float]]) throws -> [[Float]] {
        try catchingErrors { [model] in
            noGrad { model(Tensor(images)).softmax(dim: 1).unbind().map { $0.toArray() } }
        }
    }
}

struct Answer: ResponseEncodable {
    let probabilities: [[Float]]
}

let service = DigitService()
try await service.train()

let router = Router()
router.post("predict") { request, context in
    let images = try await request.decode(as: [[Float]].self, context: context)
    do {
        return Answer(probabilities: try await service.probabilities(images))
    } catch let error as ShapeError {
        throw HTTPError(.badRequest, message: "\(error)")
    }
}
let port = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? 8080
var logger = Logger(label: "serve-digits")
logger.logLevel = .error
let application = Application(
    router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
    onServerRunning: { channel in
        FileHandle.standardOutput.write(Data("http://127.0.0.1:\(channel.localAddress!.port!)\n".utf8))
    }, logger: logger)
try await application.runService()
