#!/bin/sh
# Generates the Swift code for the protobuf messages in Protos/. Needs protoc (Debian: protobuf-compiler; PyPI:
# grpcio-tools, then PROTOC="python3 -m grpc_tools.protoc"); the Swift plugin is built from the package's dependency.
set -eu
cd "$(dirname "$0")/.."

swift package resolve
plugin=.build/protoc-gen-swift
swift build --package-path .build/checkouts/swift-protobuf --scratch-path "$plugin" --product protoc-gen-swift
for pair in tensorboard:TensorBoard onnx:ONNX sentencepiece:SentencePiece; do
    ${PROTOC:-protoc} --plugin="$plugin/debug/protoc-gen-swift" --proto_path=Protos \
        --swift_out="Sources/SwitchbackFormats/${pair#*:}/Messages" "${pair%:*}.proto"
done
