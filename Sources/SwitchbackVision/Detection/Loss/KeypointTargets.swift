import Switchback

/// The keypoints that a batch's objects have and those that a head predicts.
package struct KeypointTargets {
    private let layout: KeypointLayout
    private let flow: ErrorFlow?
    private let output: DetectHead.Output
    private let objects: ObjectList
    /// In pixels, with visibilities: [objects, keypoints, 3].
    private let truth: Tensor
    /// In steps of the maps: [N, positions, keypoints, 2].
    private let places: Tensor

    /// `nil` where there are no keypoints.
    init?(_ output: DetectHead.Output, of model: YOLO, _ objects: ObjectList, _ labels: [[LabeledBox]]) {
        guard let layout = model.keypoints, let places = model.keypointPlaces(output) else { return nil }
        self.layout = layout
        self.output = output
        self.objects = objects
        self.places = places
        flow = model.head.flow
        let values = labels.joined().flatMap { $0.keypoints.flatMap { [$0.x, $0.y, $0.visibility] } }
        truth = Tensor(values, shape: [objects.count, layout.count, 3])
    }

    /// The parts of the loss that are about keypoints.
    struct Losses {
        /// How far they are from those of their objects, whether they are seen, and how likely the errors are.
        let pose, visibility, likelihood: Tensor
    }

    /// At the positions that learn.
    func losses(of assigned: TaskAlignedAssigner.Assignment, _ grid: AnchorGrid) -> Losses {
        let scores = assigned.scores.toArray(as: Float.self)
        let learned = scores.indices.filter { scores[$0] > 0 }
        // A mean over nothing would be no number.
        if learned.isEmpty {
            let nothing = places.sum() * 0
            return Losses(pose: nothing, visibility: nothing, likelihood: nothing)
        }
        let index = Tensor(learned, shape: [learned.count])
        let owners = assigned.objects.indexSelect(dim: 0, index: index)
        let positions = assigned.positions.indexSelect(dim: 0, index: index)
        let rows = objects.images.indexSelect(dim: 0, index: owners) * grid.count + positions
        let strides = grid.strides(like: truth).indexSelect(dim: 0, index: positions).unsqueeze(2)
        let wanted = truth.indexSelect(dim: 0, index: owners)
        let isKnown = wanted.narrow(dim: 2, start: 2, length: 1).squeeze(2).ne(0).to(.float32)
        let found = flat(places).indexSelect(dim: 0, index: rows)
        let errors = found - wanted.narrow(dim: 2, start: 0, length: 2) / strides

        let sides = objects.boxes.indexSelect(dim: 0, index: owners).split(2, dim: 1)
        let areas = (sides[1] - sides[0]).prod(dim: 1, keepDim: true) / strides.squeeze(2).square()
        return Losses(
            pose: distanceLoss(errors, isKnown, areas), visibility: visibilityLoss(rows, isKnown),
            likelihood: likelihoodLoss(errors, isKnown, rows))
    }

    private func flat(_ x: Tensor) -> Tensor { x.reshape(x.shape[0] * x.shape[1], layout.count, x.shape[3]) }

    /// 1 less the similarity of keypoints (Maji et al., "YOLO-Pose", 2022, eq. 5), over those that are known.
    private func distanceLoss(_ errors: Tensor, _ isKnown: Tensor, _ areas: Tensor) -> Tensor {
        let sigmas = Tensor(layout.sigmas, shape: [1, layout.count])
        let scaled = errors.square().sum(dim: 2) / ((sigmas * 2).square() * (areas + 1e-9) * 2)
        let factor = Double(layout.count) / (isKnown.sum(dim: 1, keepDim: true) + 1e-9)
        return (factor * ((1 - (-scaled).exp()) * isKnown)).mean()
    }

    private func visibilityLoss(_ rows: Tensor, _ isKnown: Tensor) -> Tensor {
        guard layout.dimensions == 3, let extras = output.extras else { return Tensor(Float(0)) }
        let logits = flat(extras.reshape(extras.shape[0], extras.shape[1], layout.count, 3))
            .indexSelect(dim: 0, index: rows).narrow(dim: 2, start: 2, length: 1).squeeze(2)
        return logits.binaryCrossEntropyWithLogits(isKnown)
    }

    /// The negative logarithm of the errors' likelihood, of those that are known (Li et al., 2021, eq. 9).
    private func likelihoodLoss(_ errors: Tensor, _ isKnown: Tensor, _ rows: Tensor) -> Tensor {
        guard let flow, let deviations = output.deviations else { return Tensor(Float(0)) }
        let known = isKnown.toArray(as: Float.self)
        let chosen = known.indices.filter { known[$0] > 0 }
        if chosen.isEmpty { return deviations.sum() * 0 }
        let index = Tensor(chosen, shape: [chosen.count])
        func selected(_ x: Tensor) -> Tensor { x.reshape(-1, 2).indexSelect(dim: 0, index: index) }
        let shape = [deviations.shape[0], deviations.shape[1], layout.count, 2]
        let sigmas = selected(flat(deviations.reshape(Shape(shape))).indexSelect(dim: 0, index: rows)).sigmoid()
        let relative = (selected(errors) / (sigmas + 1e-9)).clamp(min: -100, max: 100)
        let own = sigmas.log() + (sigmas * 2).log() + relative.abs()
        let losses = own.sum(dim: 1) - flow.logDensity(relative) * 2
        let weights = chosen.map { layout.likelihoodWeights[$0 % layout.count] }
        let mean = (losses * Tensor(weights, shape: [chosen.count])).sum() / Double(chosen.count)
        return mean.clamp(min: 0)
    }

    /// How similar the keypoints of all positions are to those of each object, [objects, positions]; of an object
    /// without known keypoints what `boxes` says.
    func similarities(elsewhere boxes: Tensor, _ grid: AnchorGrid) -> Tensor {
        let strides = grid.strides(like: truth).unsqueeze(0).unsqueeze(3)
        let found = (places * strides).indexSelect(dim: 0, index: objects.images)
        let wanted = truth.unsqueeze(1)
        let isKnown = wanted.narrow(dim: 3, start: 2, length: 1).squeeze(3).ne(0).to(.float32)
        let distances = (found - wanted.narrow(dim: 3, start: 0, length: 2)).square().sum(dim: 3)
        let sides = objects.boxes.split(2, dim: 1)
        let areas = (sides[1] - sides[0]).prod(dim: 1).reshape(-1, 1, 1) * Double(KeypointLayout.filledShare)
        let sigmas = Tensor(layout.sigmas, shape: [1, 1, layout.count])
        let scaled = distances / ((sigmas * 2).square() * (areas + 1e-7) * 2)
        let count = isKnown.sum(dim: 2)
        let mean = ((-scaled).exp() * isKnown).sum(dim: 2) / (count + 1e-7)
        return Tensor.where(count.gt(0).expand(to: mean.shape), mean, boxes)
    }

    /// Whether the map of a position suits the size of an object: [objects, positions] of 0 and 1.
    func suits(_ grid: AnchorGrid) -> Tensor {
        let sides = objects.boxes.split(2, dim: 1)
        let sizes = (sides[1] - sides[0]).prod(dim: 1, keepDim: true).sqrt()
        let strides = grid.strides(like: truth).reshape(1, -1)
        let (finest, coarsest) = (Double(DetectHead.strides[0]), Double(DetectHead.strides[2]))
        let isLargeEnough = sizes.ge(strides * 2).logicalOr(strides.eq(finest))
        let isSmallEnough = sizes.le(strides * 12).logicalOr(strides.eq(coarsest))
        return isLargeEnough.logicalAnd(isSmallEnough)
    }
}
