import Foundation
import Switchback
import SwitchbackTraining
import Testing

/// Records that decode fields by hand, for what earlier versions wrote: none drops a field. One that is added has to be
/// added here, with a value that is not its default.
@Suite struct RecordDecodingTests {
    private static let birth = """
        {"value": "NaN", "operation": "log", "module": "head", "isBackward": true, "detail": "it holds NaN", "shape": [4, 2],
         "rows": [1, 3]}
        """

    private static let entry = """
        {"value": "infinity", "operation": "linear", "module": "fc", "shape": [4, 2], "place": [1, 0], "isParameter": true}
        """

    @Test func births() throws { try expectKept(Anomaly.Birth.self, Self.birth) }

    @Test func failures() throws {
        try expectKept(
            TrainingFailure.self,
            """
            {"step": 7, "problem": "the loss is nan", "birth": \(Self.birth), "entry": \(Self.entry),
             "damagedParameter": "fc.weight", "examples": ["a.png", "b.png"]}
            """)
    }

    @Test func steps() throws {
        try expectKept(
            StepRecord.self,
            """
            {"step": 3, "loss": 0.5, "meanLoss": 0.75, "largestLoss": 1.5, "rate": 0.125, "missing": ["idle.weight"],
             "layers": [{"layer": "fc", "type": "Linear", "weight": 2.5}], "isTraining": false,
             "input": {"shape": [4, 2], "mean": 1.5, "std": 2.5, "smallest": -1.5, "largest": 3.5, "equal": 0.25,
                       "notFinite": 2},
             "output": \(Self.output), "optimizer": \(Self.optimizer)}
            """)
    }

    private static let output = """
        {"loss": "crossEntropy", "classes": 3, "predictionShape": [4, 3], "targetShape": [4], "smallest": -1.5,
         "largest": 2.5, "std": 1.5, "areProbabilities": false, "variation": 0.5, "counts": [1, 2, 1]}
        """

    private static let optimizer = """
        {"name": "SGD", "stale": 0.5, "gradient": 1.5, "decay": 0.25, "momentum": 0.875, "weightDecay": 0.125,
         "absent": ["a"], "foreign": 2}
        """

    /// Decodes an object of JSON that has every field, and expects all of it when it is encoded again.
    private func expectKept<Record: Codable>(_ type: Record.Type, _ json: String) throws {
        func object(_ data: Data) throws -> NSDictionary {
            try #require(try JSONSerialization.jsonObject(with: data) as? NSDictionary)
        }
        let written = try object(Data(json.utf8))
        let record = try JSONDecoder().decode(type, from: Data(json.utf8))
        let fields = Mirror(reflecting: record).children.compactMap(\.label)
        #expect(Set(fields) == Set(written.allKeys.compactMap { $0 as? String }))
        let again = try object(JSONEncoder().encode(record))
        for (key, value) in written {
            let found = again[key] as? NSObject
            if ["layers", "input", "output", "optimizer"].contains(key as? String) {
                #expect(found != nil, "\(key)")
            } else {
                #expect(found == value as? NSObject, "\(key): \(found as Any)")
            }
        }
    }
}
