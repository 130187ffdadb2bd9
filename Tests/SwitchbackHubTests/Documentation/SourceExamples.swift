import SwitchbackHub

// The example in the sources' comments: that it compiles, and stays what the comment says, is the test.

private func fetching() async throws {
    let model = try HubModel(argument: "HuggingFaceTB/SmolLM2-135M-Instruct")
    let fetched = try await Hub(HubSettings()).fetch(model)
    print(fetched.folder)
}
