import SwitchbackVision
import Testing

@Suite struct YOLOClassifierTests {
    @Test func agreesWithUltralytics() throws {
        try HashedNetwork("yolo_classifier").check(YOLOClassifier(.n, classes: 5))
    }

    /// What Ultralytics 8.4.190 says of its models with 10 classes, of both generations.
    @Test(
        arguments: zip(
            YOLOVariant.Size.allCases,
            [(1_543_914, 236), (5_455_818, 236), (10_366_026, 296), (12_847_434, 494), (28_368_874, 494)]
        ))
    func parametersAreAsMany(_ size: YOLOVariant.Size, _ expected: (parameters: Int, tensors: Int)) {
        let model = YOLOClassifier(size, classes: 10)
        #expect(model.parameterCount == expected.parameters && model.stateDict().count == expected.tensors)
    }
}
