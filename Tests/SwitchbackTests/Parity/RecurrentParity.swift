import Switchback
import TestSupport

let recurrentParity: [String: ParityOperation] = [:]
