import Switchback
import TestSupport

let recurrentParity: [String: ParityOperation] = [
    "lstm": { a in
        let result = a["input"]!.lstm(a.recurrentWeights, hidden: a["h0"], cell: a["c0"], form: a.recurrentForm)
        return [result.output, result.hidden, result.cell]
    },
    "gru": { a in
        let result = a["input"]!.gru(a.recurrentWeights, hidden: a["h0"], form: a.recurrentForm)
        return [result.output, result.hidden]
    },
    "rnn": { a in
        let result = a["input"]!.rnn(a.recurrentWeights, hidden: a["h0"], form: a.recurrentForm)
        return [result.output, result.hidden]
    },
]

extension ParityArguments {
    fileprivate var recurrentForm: RecurrentForm {
        RecurrentForm(bidirectional: bool("bidirectional")!, batchFirst: bool("batch_first")!)
    }

    /// The weights by PyTorch's names: `weight_ih_l0`, `weight_ih_l0_reverse` and so on.
    fileprivate var recurrentWeights: [RecurrentWeights] {
        (0..<int("num_layers")!).flatMap { layer in
            (bool("bidirectional")! ? ["", "_reverse"] : [""]).map { direction in
                let suffix = "l\(layer)\(direction)"
                return RecurrentWeights(
                    weightIH: self["weight_ih_\(suffix)"]!, weightHH: self["weight_hh_\(suffix)"]!,
                    biasIH: self["bias_ih_\(suffix)"], biasHH: self["bias_hh_\(suffix)"])
            }
        }
    }
}
