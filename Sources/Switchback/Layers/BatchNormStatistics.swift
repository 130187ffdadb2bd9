extension Module {
    /// How many batches the running averages of batch normalization have seen, by the layer that has seen the fewest;
    /// `nil` where no layer has any.
    public final var batchesTracked: Int? {
        trackingLayers.compactMap { $0.numBatchesTracked.map { Int($0.item()) } }.min()
    }

    /// Sets the running averages of batch normalization to the averages over the batches that `pass` puts through this
    /// module, all alike (PyTorch's `torch.optim.swa_utils.update_bn`). While weights change fast, the usual averages
    /// are those of weights that are gone.
    ///
    /// The module is in training mode during `pass`, and as it was afterwards; how many batches were counted stays, and
    /// so does the stream of random numbers.
    public final func updateBatchNorm(_ pass: () throws -> Void) rethrows {
        let layers = trackingLayers
        let kept = layers.map { (momentum: $0.momentum, count: $0.numBatchesTracked!.detach().clone()) }
        let modes = namedModules().map { (module: $0.module, isTraining: $0.module.isTraining) }
        let random = Generator.default.state
        for layer in layers {
            layer.momentum = nil
            layer.numBatchesTracked!.fill(0)
        }
        train()
        defer {
            for (layer, kept) in zip(layers, kept) {
                layer.momentum = kept.momentum
                layer.numBatchesTracked!.copy(from: kept.count)
            }
            for (module, isTraining) in modes { module.isTraining = isTraining }
            Generator.default.state = random
        }
        try noGrad(pass)
    }

    /// What batch normalization keeps from batch to batch.
    package final var batchNormBuffers: [Buffer] {
        trackingLayers.flatMap { [$0.runningMean, $0.runningVar, $0.numBatchesTracked].compactMap { $0 } }
    }

    /// Whether any of the model's layers is a batch normalization.
    package final var hasBatchNorm: Bool { namedModules().contains { $0.module is BatchNorm } }

    private final var trackingLayers: [BatchNorm] {
        namedModules().compactMap { $0.module as? BatchNorm }.filter { $0.numBatchesTracked != nil }
    }
}
