/// An optimizer while it makes a step.
protocol RunningOptimizer: AnyObject {
    /// What the step that was just made read and wrote.
    var movedByteCount: Int { get }
}
