import Switchback
import TestSupport

let resamplingParity: [String: ParityOperation] = [:]
