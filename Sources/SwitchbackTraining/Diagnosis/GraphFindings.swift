import Switchback

/// What is wrong with a model's graph before its first step.
enum GraphFindings {
    static func of(_ loss: Tensor, model: Module) -> [Verdict] { [] }
}
