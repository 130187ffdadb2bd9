import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackStudio
import Synchronization
import Testing

/// The small networks of the page `/learn`.
struct SpiralTests {
    private func fields(_ json: String) throws -> ConfigurationFields {
        try ConfigurationFields(body: Array(json.utf8))
    }

    private func trained(_ options: SpiralOptions, steps: Int) -> SpiralState {
        SpiralTraining(options).advance(by: steps)
    }

    @Test func theSmallNetworkLearns() {
        let state = trained(SpiralPreset.small.options, steps: 400)
        #expect(state.accuracy > 0.95 && state.losses.count == 400 && state.gradients.count == 3)
        #expect(state.surface.count == 1600 && state.surface.allSatisfy { (0...255).contains($0) })
        #expect(state.findings.first?.kind == "healthy", "\(state.findings)")
    }

    @Test func tenSigmoidLayersLoseTheGradient() throws {
        let state = trained(SpiralPreset.vanishing.options, steps: 60)
        #expect(state.findings.first?.kind == "vanishing", "\(state.findings)")
        let gradients = try state.gradients.map { try #require($0) }
        #expect(gradients[0] < 1e-3 * gradients[10])
    }

    @Test func largeInitialWeightsExplode() throws {
        let state = trained(SpiralPreset.exploding.options, steps: 40)
        #expect(state.findings.first?.kind == "initialization", "\(state.findings)")
        let gradients = try state.gradients.map { try #require($0) }
        #expect(gradients[0] > 1e4 * gradients[10])
    }

    /// What the page sends back of a preset is taken.
    @Test(arguments: SpiralPreset.allCases) func presetsAreValid(preset: SpiralPreset) throws {
        #expect(try SpiralOptions(fields(JSON.text(preset.options))) == preset.options)
    }

    @Test(arguments: [(SpiralPreset.normalized, 100), (.residual, 400)])
    func remediesHelp(preset: SpiralPreset, steps: Int) throws {
        let state = trained(preset.options, steps: steps)
        #expect(state.findings.first?.kind == "healthy", "\(state.findings)")
        #expect(state.accuracy > 0.9, "\(state.accuracy)")
    }

    @Test func theSameSeedGivesTheSameNumbers() {
        var options = SpiralPreset.normalized.options
        let whole = trained(options, steps: 30)
        let training = SpiralTraining(options)
        let parts = training.advance(by: 10).losses + training.advance(by: 20).losses
        #expect(whole.losses == parts)
        options.seed = 2
        #expect(trained(options, steps: 30).losses != parts)
    }

    @Test func aTrainingThatBreaksEnds() {
        var options = SpiralPreset.exploding.options
        (options.scale, options.rate, options.method) = (10, 10, .momentum)
        let state = trained(options, steps: 400)
        #expect(state.losses.allSatisfy { $0.isFinite })
        #expect(state.hasFailed && state.isOver && state.losses.count < 400)
        #expect(state.findings.first?.kind == "initialization", "\(state.findings)")
    }

    @Test(arguments: [
        (#"{"layers": 13}"#, "13 is more than 12"), (#"{"width": 1}"#, "field width"),
        (#"{"activation": "rleu"}"#, "did you mean relu?"), (#"{"laers": 3}"#, "did you mean layers?"),
        (#"{"scale": 11}"#, "not between 0.1 and 10"), (#"{"seed": -1}"#, "field seed"),
        (#"{"batchNorm": 1}"#, "true or false"),
    ])
    func otherNetworksAreRefused(json: String, problem: String) throws {
        let error = #expect(throws: InputError.self) { try SpiralOptions(fields(json)) }
        #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }

    @Test func sessionsAreFewAndDroppedWhenIdle() {
        let time = Mutex(0.0)
        let sessions = LearnSessions { time.withLock { $0 } }
        var options = SpiralOptions()
        (options.layers, options.width) = (1, 2)
        let first = sessions.begin(options)
        #expect(first.points.count == 200 && first.state.step == 0)
        for _ in 0..<LearnSessions.most {
            time.withLock { $0 += 1 }
            _ = sessions.begin(options)
        }
        #expect(sessions.count == LearnSessions.most && sessions.advance(first.id, by: 1) == nil)
        let last = sessions.begin(options)
        #expect(sessions.advance(last.id, by: 3)?.step == 3)
        time.withLock { $0 += LearnSessions.idleSeconds + 1 }
        #expect(sessions.advance(last.id, by: 1) == nil && sessions.count == 0)
    }
}
