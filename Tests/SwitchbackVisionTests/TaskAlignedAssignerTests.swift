import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// The fused assignment against the one composed of operations, which the reference backend runs.
@Suite struct TaskAlignedAssignerTests {
    private struct Positive: Equatable {
        let position, object: Int
        let score: Float
    }

    private let grid = AnchorGrid(sizes: [(8, 8), (4, 4), (2, 2)], strides: [8, 16, 32])

    /// Two images: one whose objects overlap, the last two being the same, and one with a single small object.
    private let objects = [
        [
            LabeledBox(Box(x1: 4, y1: 4, x2: 44, y2: 40), classIndex: 0),
            LabeledBox(Box(x1: 12, y1: 8, x2: 60, y2: 36), classIndex: 2),
            LabeledBox(Box(x1: 20, y1: 30, x2: 58, y2: 62), classIndex: 1),
            LabeledBox(Box(x1: 20, y1: 30, x2: 58, y2: 62), classIndex: 1),
        ],
        [LabeledBox(Box(x1: 30, y1: 30, x2: 44, y2: 40), classIndex: 1)],
    ]

    /// What a head of three classes might say of both images: boxes of 24 pixels around the positions, moved a little.
    private func positives(_ rule: AssignmentRule, spread: Float, on backend: any Backend.Type) -> [Positive] {
        let generator = Generator(seed: 7)
        let noise = Tensor.randn([2, grid.count, 4], generator: generator).toArray()
        let logits = Tensor.randn([2, grid.count, 3], generator: generator).toArray()
        return Tensor.withBackend(backend) {
            let scale = Tensor([1.0])
            let centers = grid.centers(like: scale) * grid.strides(like: scale)
            let boxes =
                Tensor.cat([centers - 12, centers + 12], dim: 1) + Tensor(noise, shape: [2, grid.count, 4]) * spread
            let found = TaskAlignedAssigner(rule: rule)(
                ObjectList(objects), logits: Tensor(logits, shape: [2, grid.count, 3]), boxes: boxes, grid)
            let places = zip(found.positions.toArray(as: Int.self), found.objects.toArray(as: Int.self))
            return zip(places, found.scores.toArray()).filter { $1 > 0 }
                .map { Positive(position: $0.0, object: $0.1, score: $1) }
                .sorted { ($0.object, $0.position) < ($1.object, $1.position) }
        }
    }

    /// Without spread many positions suit an object equally well.
    @Test(arguments: [
        AssignmentRule(), AssignmentRule(topK: 7, keptPerObject: 1), AssignmentRule(topK: 4, keptPerObject: 3),
    ])
    func operationsAssignAsTheKernelDoes(_ rule: AssignmentRule) {
        for spread: Float in [0, 6] {
            let fused = positives(rule, spread: spread, on: CPUBackend.self)
            let composed = positives(rule, spread: spread, on: ReferenceBackend.self)
            #expect(fused.map(\.position) == composed.map(\.position))
            #expect(fused.map(\.object) == composed.map(\.object))
            for (a, b) in zip(fused, composed) { #expect(abs(a.score - b.score) <= 1e-5 * a.score) }
            #expect(Set(fused.map(\.object)).isSuperset(of: [0, 1, 2, 4]))
        }
    }

    @Test func aPositionLearnsOneObject() {
        let found = positives(AssignmentRule(), spread: 6, on: CPUBackend.self)
        let places = found.map { [$0.object == 4 ? 1 : 0, $0.position] }
        #expect(Set(places).count == places.count)
    }
}
