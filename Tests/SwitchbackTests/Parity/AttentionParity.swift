import Switchback
import TestSupport

let attentionParity: [String: ParityOperation] = [:]
