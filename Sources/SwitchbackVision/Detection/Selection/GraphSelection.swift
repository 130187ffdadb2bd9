import Switchback
import SwitchbackFormats

// The selection of boxes as operations of tensors, which an exported graph consists of.

extension YOLO {
    /// The objects of each image, the likeliest first, [N, boxes, 6 and more], rows of zeros behind them: the box,
    /// probability, class and what else the task asks for. It gives what `select` gives; oriented boxes are compared with
    /// the likeliest thousand alone.
    ///
    /// Only for programs that are followed, where boxes of several positions are suppressed.
    func selected(_ output: DetectHead.Output, _ suppression: NonMaximumSuppression) -> Tensor {
        let isRotated = variant.task == .obb
        let boxes = isRotated ? rotatedBoxes(output).narrow(dim: 2, start: 0, length: 4) : corners(output)
        let table = GraphTable(
            boxes: boxes, probabilities: output.scores.sigmoid(), extras: keypointValues(output) ?? output.extras)
        if output.isSingle { return table.direct(suppression) }
        return isRotated ? table.suppressedAlike(suppression) : table.suppressed(suppression)
    }
}

/// What a network says of every position.
private struct GraphTable {
    /// [N, positions, 4].
    let boxes: Tensor
    /// Of the classes, [N, positions, classes].
    let probabilities: Tensor
    /// [N, positions, numbers].
    let extras: Tensor?

    /// So many oriented boxes are compared with each other.
    private static let comparedCount = 1000

    /// Rows of box, probability, class and the rest.
    private func rows(_ scores: Tensor, _ labels: Tensor) -> Tensor {
        Tensor.cat([boxes, scores, labels.to(.float32)] + (extras.map { [$0] } ?? []), dim: 2)
    }

    /// The most likely class of each position: its probability and number, [N, positions, 1].
    private var best: (scores: Tensor, labels: Tensor) {
        (probabilities.amax(dim: 2, keepDim: true), probabilities.argmax(dim: 2, keepDim: true))
    }

    /// YOLO26's second head: the positions with the likeliest classes, and of their classes the likeliest.
    func direct(_ selection: NonMaximumSuppression) -> Tensor {
        let (count, classCount) = (selection.maximumCount, probabilities.shape[2])
        let (scores, labels) = best
        let positions = rows(scores, labels).likeliest(count, by: scores)
        let chosen = probabilities.likeliest(count, by: scores).flatten(start: 1)
        let flat = chosen.topK(count, dim: 1)
        let row = flat.indices.floorDivide(classCount)
        let label = (flat.indices - row * classCount).to(.float32).unsqueeze(2)
        let found = positions.rows(row)
        let box = found.narrow(dim: 2, start: 0, length: 4)
        let rest = extras == nil ? [] : [found.narrow(dim: 2, start: 6, length: found.shape[2] - 6)]
        // No more than there are positions.
        let place = flat.values.onesByComputation.cumsum(dim: 1)
        let isThere = place.le(scores.squeeze(2).onesByComputation.sum(dim: 1, keepDim: true)).to(.float32).unsqueeze(2)
        return Tensor.cat([box, flat.values.unsqueeze(2), label] + rest, dim: 2).above(selection.confidence) * isThere
    }

    /// Boxes without those that a likelier one overlaps.
    func suppressed(_ suppression: NonMaximumSuppression) -> Tensor {
        let (scores, labels) = best
        let step = BoxSuppression(
            iou: suppression.iou, confidence: suppression.confidence, maximumCount: suppression.maximumCount)
        let numbers = Tensor(Array(0..<probabilities.shape[2]), shape: [1, 1, probabilities.shape[2]], dtype: .int64)
        let candidates =
            suppression.isAgnostic ? scores : probabilities * labels.eq(numbers).to(.float32)
        let kept = step.noted(boxes, candidates.transpose(1, 2)).amax(dim: 1).unsqueeze(2)
        return rows(kept, labels).likeliest(suppression.maximumCount, by: kept).above(0)
    }

    /// Oriented boxes without those that any likelier one overlaps.
    func suppressedAlike(_ suppression: NonMaximumSuppression) -> Tensor {
        let (scores, labels) = best
        let count = max(Self.comparedCount, suppression.maximumCount)
        let found = rows(scores, labels).likeliest(count, by: scores).above(suppression.confidence)
        let turned = Tensor.cat(
            [found.narrow(dim: 2, start: 0, length: 4), found.narrow(dim: 2, start: 6, length: 1)], dim: 2)
        let overlap = turned.unsqueeze(2).probabilisticIoU(turned.unsqueeze(1)).squeeze(3)
        let (score, label) = (found.narrow(dim: 2, start: 4, length: 1), found.narrow(dim: 2, start: 5, length: 1))
        let place = score.onesByComputation.cumsum(dim: 1)
        var takes = overlap.ge(Double(suppression.iou)).to(.float32) * place.gt(place.transpose(1, 2)).to(.float32)
        if !suppression.isAgnostic { takes = takes * label.eq(label.transpose(1, 2)).to(.float32) }
        let kept = score * (1 - takes.amax(dim: 2, keepDim: true))
        let rest = found.narrow(dim: 2, start: 5, length: found.shape[2] - 5)
        return Tensor.cat([found.narrow(dim: 2, start: 0, length: 4), kept, rest], dim: 2)
            .likeliest(suppression.maximumCount, by: kept).above(0)
    }
}

extension Tensor {
    /// 1 in place of each element, whatever it is: unlike a constant, of as many elements as a graph finds.
    var onesByComputation: Tensor { isnan().to(.float32) * 0 + 1 }

    /// So many of the rows [N, rows, values], by falling scores [N, rows, 1]; rows of zeros where there are fewer.
    fileprivate func likeliest(_ count: Int, by scores: Tensor) -> Tensor {
        let order = scores.withRows(count).squeeze(2).topK(count, dim: 1).indices
        return withRows(count).rows(order)
    }

    /// With so many rows of zeros behind.
    private func withRows(_ count: Int) -> Tensor {
        Tensor.cat([self, Tensor.zeros([shape[0], count, shape[2]])], dim: 1)
    }

    /// The rows at positions [N, count].
    fileprivate func rows(_ positions: Tensor) -> Tensor {
        gather(dim: 1, index: positions.unsqueeze(2).expand(to: [shape[0], positions.shape[1], shape[2]]))
    }

    /// Zeros in place of rows whose probability, the fifth value, is not above this.
    fileprivate func above(_ confidence: Float) -> Tensor {
        self * narrow(dim: 2, start: 4, length: 1).gt(Double(confidence)).to(.float32)
    }
}
