import Switchback

extension ONNXOperation {
    /// ONNX's operator names the batch, class and position of each box that stays; their scores are put into zeros.
    func suppress(_ suppression: BoxSuppression, into graph: inout ONNXGraphBuilder) -> String {
        func constant(_ tensor: Tensor, _ name: String) -> String { graph.constant(tensor.array, name: name) }
        let scores = inputs[1]
        let limits = [
            constant(Tensor([suppression.maximumCount], shape: [1], dtype: .int64), "maximum_count"),
            constant(Tensor([suppression.iou], shape: [1]), "iou"),
            constant(Tensor([suppression.confidence], shape: [1]), "confidence"),
        ]
        let places = graph.add("NonMaxSuppression", [x, scores] + limits)
        let zeros = graph.add("ConstantOfShape", [graph.add("Shape", [scores])])
        return graph.add("ScatterND", [zeros, places, graph.add("GatherND", [scores, places])])
    }
}
