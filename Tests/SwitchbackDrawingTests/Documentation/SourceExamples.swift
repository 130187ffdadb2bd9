import SwitchbackDrawing

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func drawing() throws {
    let canvas = Canvas(Size(200, 100))
    canvas.fill(.circle(Point(50, 50), radius: 30), Theme.color(0))
    canvas.text("a circle", at: Point(90, 50), anchor: .left)
    try canvas.writePNG(to: "circle.png")
}

private func plotting(losses: [Double], validationLosses: [Double]) throws {
    try Plot(
        title: "Loss", x: Axis("epoch"), y: Axis("loss", scale: .logarithmic),
        [Series("training", losses), Series("validation", validationLosses)]
    ).write(to: "loss.png")
}
