import Foundation
import Switchback
import SwitchbackLanguage

/// Generates the texts of many requests at once, with one model on its own thread.
///
/// Between two steps, each of which gives every text its next token, new requests join and those that are over leave: a
/// long answer holds up no short one. What a request gets does not depend on the others.
package final class GenerationEngine: @unchecked Sendable {
    private let name: String
    private let model: LanguageModel
    private let tokenizer: any Tokenizer
    private let limits: ServerLimits
    private let metrics: ServerMetrics
    /// Used by the thread alone.
    private let prefixes: PrefixCache

    private let condition = NSCondition()
    // Guarded by the condition.
    private var waiting: [GenerationRequest] = []
    private var isStopping = false

    package init(
        _ name: String, _ model: LanguageModel, _ tokenizer: any Tokenizer, _ limits: ServerLimits,
        _ metrics: ServerMetrics
    ) {
        self.name = name
        self.model = model
        self.tokenizer = tokenizer
        self.limits = limits
        self.metrics = metrics
        prefixes = PrefixCache(limit: limits.prefixBytes)
        let thread = Thread { [self] in
            Platform.standBack()
            run()
        }
        thread.name = "generation"
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Queues a text. Throws `APIError` if too many wait already, or the server stops.
    package func submit(prompt: [Int], _ options: GenerationOptions) throws -> GenerationRequest {
        let request = GenerationRequest(prompt: prompt, options, seconds: limits.seconds)
        try submit([request])
        return request
    }

    /// Queues the texts of one request: all of them, or none where too many wait already.
    func submit(_ requests: [GenerationRequest]) throws {
        try condition.withLock {
            if isStopping { throw APIError.stopping }
            // One request may ask for more texts than can wait, while no others do.
            guard waiting.isEmpty || waiting.count + requests.count <= limits.queue else {
                throw APIError.tooManyRequests(waiting: waiting.count)
            }
            waiting += requests
            condition.signal()
        }
    }

    /// Fails what is not done yet, and ends the thread.
    package func stop() {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
    }

    // MARK: On the thread

    private func run() {
        var active: [GenerationRequest] = []
        while true {
            do {
                try catchingErrors { [self] in serve(&active) }
                for request in active { request.fail(APIError.stopping) }
                return
            } catch {
                // The model does not fit itself: that ends the texts that it was working on, and nothing else.
                for request in active { request.fail(APIError.failed(error)) }
                active = []
            }
        }
    }

    /// Takes steps until the engine is to stop.
    private func serve(_ active: inout [GenerationRequest]) {
        while takeRequests(into: &active) {
            active.removeAll(where: drop)
            if !active.isEmpty { step(&active) }
        }
    }

    /// Waits for work, and lets waiting requests join if there is a place; `false` if the engine is to stop.
    private func takeRequests(into active: inout [GenerationRequest]) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while active.isEmpty && waiting.isEmpty && !isStopping {
            metrics.setLoad(of: name, active: 0, waiting: 0)
            // What the last requests needed is given back before a pause.
            Memory.trim()
            condition.wait()
        }
        waiting.removeAll(where: drop)
        while active.count < limits.parallel, !waiting.isEmpty, !isStopping { active.append(waiting.removeFirst()) }
        if isStopping {
            for request in waiting { request.fail(APIError.stopping) }
            waiting = []
        }
        metrics.setLoad(of: name, active: active.count, waiting: waiting.count)
        return !isStopping
    }

    /// Whether a request is not to be continued: nobody waits for it, or its time is over.
    private func drop(_ request: GenerationRequest) -> Bool {
        if request.isCancelled {
            request.text?.cancel()
            request.give(.finished(summary(request)))
            return true
        }
        guard ContinuousClock.now > request.deadline else { return false }
        request.fail(request.text == nil ? APIError.busy(seconds: limits.seconds) : .timeout(seconds: limits.seconds))
        return true
    }

    private func step(_ all: inout [GenerationRequest]) {
        var begun = all.filter { $0.text != nil }
        for request in all where request.text == nil { begin(request, &begun) }
        all.removeAll(where: \.isFinished)
        // Of requests that wait for another to read what they begin with, nothing is computed yet.
        let active = all.filter { $0.text != nil }
        let texts = active.compactMap(\.text)
        let before = texts.map(\.tokenCount)
        let results = model.advance(texts)
        metrics.countStep(of: texts.count, tokens: zip(texts, before).reduce(0) { $0 + $1.0.tokenCount - $1.1 })
        for ((request, text), (result, before)) in zip(zip(active, texts), zip(results, before)) {
            do {
                let piece = try result.get()
                if before == 0 && text.tokenCount > 0 { metrics.observeFirstToken(after: request.arrival) }
                for score in text.takeScores() { request.give(.score(score)) }
                if !piece.isEmpty { request.give(.text(piece)) }
                if text.ending != nil { request.give(.finished(summary(request))) }
            } catch {
                text.cancel()
                request.fail(APIError.failed(error))
            }
        }
        for text in texts where text.ending != nil { prefixes.keep(text) }
        all.removeAll { $0.text?.ending != nil }
    }

    /// Starts the text of a new request, unless that is impossible, or another one is about to read what it begins with.
    private func begin(_ request: GenerationRequest, _ begun: inout [GenerationRequest]) {
        let texts = begun.compactMap(\.text)
        if limits.prefixBytes > 0, PrefixCache.isWorthWaiting(request.prompt, for: texts) { return }
        do {
            let text = try Continuation(model, tokenizer, prompt: request.prompt, request.options)
            if limits.prefixBytes > 0, let prefix = prefixes.best(for: request.prompt, among: texts) {
                text.begin(with: prefix)
            }
            request.text = text
            begun.append(request)
            metrics.count(promptTokens: request.prompt.count, cached: text.cachedTokens)
        } catch {
            request.fail(APIError(error))
        }
    }

    private func summary(_ request: GenerationRequest) -> GenerationSummary {
        GenerationSummary(
            promptTokens: request.prompt.count, cachedTokens: request.text?.cachedTokens ?? 0,
            tokens: request.text?.tokenCount ?? 0,
            ending: request.text?.ending ?? .cancelled)
    }
}
